"""The Python of the README and of every page in docs is run, the JSON is read as configuration."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from command_line_page import PAGE, page
from regard.catalogue import ENCODERS, PICTURE_ENCODERS
from regard.config import AttentionConfig, Config, config_of, kinds_of, resolve_config
from regard.tasks import TASKS

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


pytestmark = pytest.mark.usefixtures("forget_plugins")


def _blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_code_of_a_page_runs(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for block in _blocks(page, "python"):
        exec(compile(block, str(page), "exec"), names)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_configurations_of_a_page_are_right(page: Path) -> None:
    for block in _blocks(page, "json"):
        assert isinstance(resolve_config(json.loads(block)), Config)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
        if "://" not in link:
            assert (page.parent / link).exists(), link


def test_the_tests_that_hold_what_is_promised_are_there() -> None:
    page = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
    named = re.findall(r"`(tests/[^`]*)`", page)
    assert len(named) > 20
    for each in named:
        assert (ROOT / each).exists(), each


def _rows(section: str, task: str = "", kind: str = "") -> dict[str, str]:
    """The rows of the tables for a section of a task by their field, the last of a field alone."""
    page = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    rows: dict[str, str] = {}
    for part in re.split(r"^#+ ", page, flags=re.MULTILINE):
        heading, _, text = part.partition("\n")
        named = set(re.findall(r"`([\w-]+)`", heading))
        tasks, kinds = named & set(TASKS), named - set(TASKS)
        if heading.split()[:1] != [section] or (tasks and task not in tasks):
            continue
        if not kinds or kind in kinds:
            found = re.findall(r"^\| `(\w+)` \| ([^|]*) \| ([^|]*) \|$", text, re.MULTILINE)
            rows |= {field: f"{default} | {says}" for field, default, says in found}
    return rows


def _section(task: str, name: str) -> type[BaseModel]:
    section = config_of(task).model_fields[name].annotation
    assert isinstance(section, type)
    assert issubclass(section, BaseModel)
    return section


def _sections() -> list[tuple[str, str, str, type[BaseModel]]]:
    """Every section of every task: its name, the task, the kind of data, its class."""
    sections: list[tuple[str, str, str, type[BaseModel]]] = [
        ("model.attention", "", "", AttentionConfig)
    ]
    for task in TASKS:
        kinds = kinds_of(config_of(task))
        sections += [("data", task, kind, found) for kind, found in kinds.items()]
        sections += [(name, task, "", _section(task, name)) for name in ("model", "training")]
    return sections


@pytest.mark.parametrize(("name", "task", "kind", "section"), _sections())
def test_every_field_is_documented_with_its_default(
    name: str, task: str, kind: str, section: type[BaseModel]
) -> None:
    rows = _rows(name, task, kind)
    for field, info in section.model_fields.items():
        if field != "kind":
            default = "required" if info.is_required() else f"`{json.dumps(info.default)}`"
            assert rows.get(field) == f"{default} | {info.description}", field


def test_no_field_is_documented_that_is_not_there() -> None:
    known: dict[str, set[str]] = {}
    for name, task, _, section in _sections():
        known.setdefault(f"{name} {task}", set()).update(section.model_fields)
    for name, task, _, _ in _sections():
        kinds = kinds_of(config_of(task)) if name == "data" else {"": None}
        for kind in kinds:
            assert set(_rows(name, task, kind)) <= known[f"{name} {task}"]


def test_the_poolings_are_documented() -> None:
    page = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    table = page.partition("### Poolings\n")[2].partition("###")[0]
    rows = re.findall(r"^\| `(\w+)` \| ([^|]*) \| ([^|]*) \|$", table, re.MULTILINE)
    for task in TASKS:
        model: Any = _section(task, "model")
        documented = {name: says for name, of, says in rows if f"`{task}`" in of}
        assert documented == getattr(model, "poolings", {})


def test_the_sizes_of_the_encoders_are_documented() -> None:
    page = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    for encoder in ENCODERS:
        [row] = re.findall(rf"^\| `{encoder}` \|(.*)\|$", page, re.MULTILINE)
        hidden, layers = row.split(" | ")[:2]
        model, text, *others = (
            _section(task, "model").model_validate({"encoder": encoder}).model_dump()
            for task in ("classify", "classify-text", "regress", "forecast")
        )
        width = model["hidden"]
        differs = width != text["hidden"]
        wanted = f"{width}, of texts {text['hidden']}" if differs else f"{width}"
        assert (hidden.strip(), layers) == (wanted, str(model["layers"]))
        for other in others:
            assert (other["hidden"], other["layers"]) == (width, model["layers"])
        assert text["layers"] == model["layers"]
    for encoder, row in PICTURE_ENCODERS.items():
        [sizes] = re.findall(rf"^\| `{encoder}` of pictures \| (\d+ \| \d+) \|", page, re.MULTILINE)
        assert sizes == f"{row.hidden} | {row.layers}"
    own: Any = _section("translate", "model")
    gru, lstm, transformer = (own.sizes[name] for name in ("gru", "lstm", "transformer"))
    assert own.sizes["bilstm"] == gru
    assert (
        f"Its encoders have other sizes: `gru` and `bilstm` {gru[0]}, `lstm` {lstm[0]}, "
        f"`transformer` {transformer[0]} with {transformer[1]} layers.\n"
    ) in page


def test_the_page_of_the_command_line_is_that_of_the_parser() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python tests/command_line_page.py"
