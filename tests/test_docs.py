"""The Python of the README and of every page in docs is run, the JSON is read as configuration."""

import json
import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from regard.config import (
    Attention,
    Config,
    CsvData,
    Model,
    NpzData,
    SineData,
    TableData,
    Training,
    TsData,
    resolve_config,
)
from regard.models import ENCODERS

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


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


@pytest.mark.parametrize(
    "section", [SineData, CsvData, TsData, NpzData, TableData, Model, Attention, Training]
)
def test_every_field_is_documented_with_its_default(section: type[BaseModel]) -> None:
    page = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    for name, field in section.model_fields.items():
        if name == "kind":
            continue
        default = "required" if field.is_required() else f"`{json.dumps(field.default)}`"
        assert f"| `{name}` | {default} | {field.description} |" in page


def test_the_sizes_of_the_encoders_are_documented() -> None:
    page = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    for encoder in ENCODERS:
        model = Model.model_validate({"encoder": encoder})
        row = next(line for line in page.splitlines() if re.match(rf"\|.*`{encoder}`.*\|", line))
        assert f" | {model.hidden} | {model.layers} | " in row
