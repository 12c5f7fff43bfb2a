"""Configurations in TOML and YAML, and the schema that editors read."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from commands import Regard
from regard.config import read_config, schema_of
from regard.errors import ConfigError
from regard.tasks import TASKS

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted((ROOT / "examples").glob("*.json"))

SAME = {
    "c.json": """{"$schema": "s.json", "task": "forecast", "seed": 3,
      "data": {"kind": "table", "path": "no.csv", "target": ["a", "no"], "time": null},
      "model": {"attention": {"window": {"local-p": 3}}},
      "training": {"learning_rate": 1e-3}}""",
    "c.toml": """
"$schema" = "s.json"
task = "forecast"
seed = 3
data = {kind = "table", path = "no.csv", target = ["a", "no"]}  # a comment
model.attention.window.local-p = 3
[training]
learning_rate = 1e-3
""",
    "c.yaml": """
# a comment
$schema: s.json
task: forecast
seed: 3
data: {kind: table, path: no.csv, target: [a, no], time: ~}
model:
  attention:
    window:
      local-p: 3
training:
  learning_rate: 1e-3
""",
}


def _read(folder: Path, name: str, text: str) -> dict[str, Any]:
    (folder / name).write_text(text, encoding="utf-8")
    return read_config(folder / name).model_dump(mode="json")


def test_the_formats_say_the_same(tmp_path: Path) -> None:
    wanted, toml, yaml = (_read(tmp_path, name, text) for name, text in SAME.items())
    assert wanted["data"]["time"] is None
    assert yaml == wanted
    assert toml == {**wanted, "data": {**wanted["data"], "time": "ds"}}  # TOML has no null


WRONG = {
    "twice.yaml": ("seed: 1\nseed: 2", 'the key "seed" is there twice'),
    "laughs.yaml": ("a: &a [x]\nb: [*a, *a]", "line 1: anchors (& and *) are not read"),
    "tag.yml": ("a: !!python/name:os.system x", "line 1: tags such as"),
    "open.yaml": ("data: [", "not YAML, line 1 column 8"),
    "tab.yaml": ("data:\n\tkind: csv", "not YAML, line 2 column 1"),
    "deep.yaml": ("a: " + "[" * 40 + "]" * 40, "nests more than 32 deep"),
    "deeper.yaml": ("a: " + "[" * 9000 + "]" * 9000, "nests more than 32 deep"),
    "large.yaml": ("seed: " + "9" * 40, "a whole number has 40 digits; wanted at most 19"),
    "names.yaml": ("? [a]\n: 1", "wanted a name before each colon"),
    "several.yaml": ("seed: 1\n---\nseed: 2", "holds several documents; wanted one"),
    "list.yaml": ("- 1", "wanted a YAML table, not a list"),
    "empty.yaml": ("", "wanted a YAML table, not a NoneType"),
    "twice.toml": ("seed = 1\nseed = 2", "not TOML: Cannot overwrite a value"),
    "open.toml": ("data = [", "not TOML: "),
    "deep.toml": ("a = " + "[" * 9000 + "]" * 9000, "nests more than 32 deep"),
    "field.toml": (
        'data = {kind = "csv", path = "x", tset_path = "x"}',
        "data.tset_path: unknown key; did you mean",
    ),
    "type.yaml": ("data: {kind: csv, path: x}\nseed: one", 'seed: wanted integer, not "one"'),
    "infinite.yaml": (
        "data: {kind: csv, path: x}\ntraining: {learning_rate: .inf}",
        'training.learning_rate: wanted number, not ".inf"',
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_one_line(regard: Regard, tmp_path: Path, name: str) -> None:
    text, wanted = WRONG[name]
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert wanted in regard.fails("train", tmp_path / name)


@pytest.fixture(scope="module")
def every() -> Any:
    schema = schema_of()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_every_example_is_valid(path: Path, every: Any) -> None:
    content = json.loads(path.read_text(encoding="utf-8"))
    every.validate(content)
    own = schema_of(content.get("task", "classify"))
    jsonschema.Draft202012Validator(own).validate(content)


CSV = {"kind": "csv", "path": "x"}


@pytest.mark.parametrize(
    "content",
    [
        {"data": {"kind": "csv"}},
        {"data": CSV, "epochs": 3},
        {"data": {**CSV, "paht": "y"}},
        {"task": "clasify", "data": CSV},
        {"task": "forecast", "data": CSV},
        {"data": CSV, "model": {"attention": "additve"}},
        {"data": CSV, "model": {"encoder": "resnet"}},
        {"data": CSV, "model": {"attention": {"window": {"local-x": 3}}}},
        {"data": CSV, "training": {"epochs": "three"}},
    ],
)
def test_what_is_refused_is_not_valid(content: dict[str, Any], every: Any) -> None:
    assert not every.is_valid(content)


@pytest.mark.parametrize(
    "model",
    [
        {"attention": "bahdanau"},
        {"attention": {"score": "dot", "heads": 2}},
        {"attention": {"window": "causal"}},
        {"attention": {"window": {"local-p": {"radius": 3}, "causal": {}}}},
        {"hidden": None},
    ],
)
def test_what_is_accepted_is_valid(model: dict[str, Any], every: Any) -> None:
    every.validate({"$schema": "schema.json", "data": CSV, "model": model})


def test_the_command_prints_the_schema(regard: Regard) -> None:
    assert regard("schema", "forecast") == 0
    assert json.loads(regard.out) == schema_of("forecast")
    assert regard("schema") == 0
    assert set(TASKS) <= set(json.loads(regard.out)["$defs"])
    assert "did you mean 'forecast'" in regard.fails("schema", "forcast")


def test_an_unknown_task_has_no_schema() -> None:
    with pytest.raises(ConfigError, match="task 'x' is unknown"):
        schema_of("x")
