"""The configuration: defaults, strictness, and one clear line for each slip."""

import inspect
import json
import os
import pickle
from pathlib import Path
from typing import Any

import pytest

from regard import SeriesClassifier
from regard.config import Config, config_of, kinds_of, read_config, resolve_config
from regard.data import sine
from regard.errors import ConfigError
from regard.tasks import TASKS

SINE: dict[str, Any] = {"kind": "sine"}


def test_defaults_are_filled_in_and_survive_a_round_trip() -> None:
    config = resolve_config({"data": SINE})
    assert config.task == "classify"
    assert resolve_config(json.loads(config.model_dump_json())) == config


def test_the_estimator_has_the_same_words_and_defaults() -> None:
    config = config_of("classify")
    sections: dict[str, Any] = dict(kinds_of(config)["arrays"].model_fields)
    for name in ("model", "training"):
        section: Any = config.model_fields[name].annotation
        sections |= section.model_fields
    del sections["kind"]
    parameters = dict(inspect.signature(SeriesClassifier).parameters)
    del parameters["verbose"], parameters["random_state"]
    assert {name: p.default for name, p in parameters.items()} == {
        name: field.default for name, field in sections.items()
    }


def test_null_is_the_default() -> None:
    plain = resolve_config({"data": SINE})
    nulls = dict.fromkeys(type(plain.model).model_fields)
    assert resolve_config({"data": SINE, "model": nulls}) == plain


def test_the_sine_section_has_the_generators_words_and_defaults() -> None:
    config = resolve_config({"data": SINE})
    parameters = dict(inspect.signature(sine).parameters)
    del parameters["seed"]
    fields = config.data.model_dump()
    assert {name: fields[name] for name in parameters} == {
        name: p.default for name, p in parameters.items()
    }


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({}, "x.json: data: missing"),
        ({"data": 3}, "x.json: data: wanted an object, not 3"),
        (
            {"data": {}},
            "x.json: data.kind: missing; choose one of sine, webtraffic, csv, ts, npz, table",
        ),
        ({"data": {"kind": "sin"}}, "x.json: data.kind: 'sin' is unknown; did you mean 'sine'?"),
        (
            {"data": {**SINE, "serie": 3}},
            "x.json: data.serie: unknown key; did you mean 'series'?",
        ),
        (
            {"data": SINE, "trainin": {}},
            "x.json: trainin: unknown key; did you mean 'training'?",
        ),
        (
            {"data": SINE, "training": {"epoch": 3}},
            "x.json: training.epoch: unknown key; did you mean 'epochs'?",
        ),
        (
            {"data": SINE, "training": {"epochs": "3"}},
            'x.json: training.epochs: wanted integer, not "3"',
        ),
        (
            {"data": SINE, "training": {"epochs": 0}},
            "x.json: training.epochs: wanted greater than or equal to 1, not 0",
        ),
        (
            {"data": SINE, "training": {"learning_rate": float("nan")}},
            "x.json: training.learning_rate: wanted a finite number, not NaN",
        ),
        (
            {"data": SINE, "model": {"encoder": "grru"}},
            'x.json: model.encoder: "grru" is not one of inception, conv, conv-bilstm, bilstm, '
            "gru, lstm, transformer; did you mean 'gru'?",
        ),
        (
            {"data": SINE, "model": {"encoder": ["conv"]}},
            'x.json: model.encoder: ["conv"] is not one of inception, conv, conv-bilstm, bilstm, '
            "gru, lstm, transformer; did you mean 'conv'?",
        ),
        (
            {"data": SINE, "model": {"attention": {"align": 3}}},
            "x.json: model.attention.align: 3 is not one of softmax, sparsemax, entmax15, hard, "
            "gumbel, monotonic",
        ),
        (
            {"data": {**SINE, "validation_share": 1.5}},
            "x.json: data.validation_share: wanted less than 1, not 1.5",
        ),
        ({"data": {**SINE, "frequency": [1]}}, "x.json: data.frequency.1: missing"),
        ({"data": {"kind": "csv"}}, "x.json: data.path: missing"),
        (
            {"data": SINE, "task": "clasify"},
            'x.json: task: "clasify" is not one of classify, classify-text, classify-sound, '
            "classify-image, answer, answer-span, answer-text, caption, regress, translate, "
            "summarize, transcribe, transcribe-series, compose, forecast; did you mean 'classify'?",
        ),
    ],
)
def test_a_slip_is_named(content: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        resolve_config(content, source="x.json")
    assert str(caught.value) == message


def test_a_file_is_read_and_changed(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text(json.dumps({"data": SINE}))
    config = read_config(path, {"training.epochs": "3", "model.encoder": "gru"})
    assert isinstance(config, Config)
    assert (config.training.epochs, config.model.encoder) == (3, "gru")
    with pytest.raises(ConfigError, match=r"training\.epoch: unknown key"):
        read_config(path, {"training.epoch": "3"})
    with pytest.raises(ConfigError, match="^seed.x: seed is not a section"):
        read_config(path, {"seed": "1", "seed.x": "3"})


def test_a_byte_order_mark_is_no_part_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text('{"data": {"kind": "sine"}}', encoding="utf-8-sig")
    assert read_config(path).data.kind == "sine"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"kind": "table", "path": "a.csv", "text": "t"}, 'data.text is of "classify-text"'),
        ({"kind": "table", "path": "a.csv", "horizon": 3}, 'data.horizon is of "forecast"'),
        ({"kind": "lines", "path": "a.txt"}, "data.kind 'lines' is of \"classify-text\""),
    ],
)
def test_a_missing_task_is_told_by_the_data(data: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        resolve_config({"data": data}, source="x.json")
    assert str(caught.value).startswith(f"x.json: task: missing; {said}")
    with pytest.raises(ConfigError, match=f"x.json: data.{'kind' if 'lines' in said else ''}"):
        resolve_config({"task": "classify", "data": data}, source="x.json")


def test_environment_variables_in_paths(monkeypatch: pytest.MonkeyPatch) -> None:
    content = {"data": {"kind": "csv", "path": "${SOME_FOLDER}/a.csv"}}
    monkeypatch.setenv("SOME_FOLDER", "/data")
    assert resolve_config(content).data.model_dump()["path"] == "/data/a.csv"
    monkeypatch.delenv("SOME_FOLDER")
    message = "config: data.path: the environment variable SOME_FOLDER is not set"
    with pytest.raises(ConfigError, match=message):
        resolve_config(content)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not JSON, line 1 column 2"),
        ("[]", "wanted a JSON object, not a list"),
        ("\xff", "not JSON, line 1 column 1"),
    ],
)
def test_a_file_that_is_no_configuration(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=f"x.json: {message}"):
        read_config(path)


def test_a_missing_file_and_one_that_is_not_text(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no.json: no such file"):
        read_config(tmp_path / "no.json")
    path = tmp_path / "x.json"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_config(path)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_config(tmp_path)


@pytest.mark.parametrize("task", TASKS)
def test_a_configuration_survives_pickling(task: str) -> None:
    data = {"kind": "arrays", "validation_share": 0.25}
    content = {"task": task, "data": data, "model": {"hidden": 8, "dropout": 0.5}}
    config = resolve_config(content)
    found = pickle.loads(pickle.dumps(config))
    assert found == config
    assert type(found) is type(config)


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("clean.csv", b"label,value\nok,1\n", "csv"),
        ("clean.csv.gz", b"\x1f\x8b\x08", "csv"),
        ("clean.parquet", b"PAR1\xff", "table"),
    ],
)
def test_data_in_place_of_a_configuration(
    tmp_path: Path, name: str, content: bytes, kind: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        read_config(path)
    data = f'"data": {{"kind": "{kind}", "path": "{path}"}}'
    assert str(caught.value).startswith(f"{path}: is data; wanted a configuration")
    assert data in str(caught.value)


# Configurations of others.


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[" * 100_000, "nests more than 32 deep"),
        ('{"data": ' + "[" * 990 + "]" * 990 + "}", "nests more than 32 deep"),
        ('{"data": {"kind": "sine"}, "data": 3}', 'the key "data" is there twice'),
        (
            '{"seed": ' + "1" * 5000 + "}",
            "a whole number has 5,000 digits; wanted at most 19",
        ),
        ('{"seed": 1e999}', "the number 1e999 is too large"),
        ('{"seed": NaN}', "wanted a finite number, not NaN"),
        (" " * 2**20 + "{}", "has 1,048,578 bytes; wanted at most 1,048,576"),
    ],
)
def test_absurd_json_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        read_config(path)
    assert str(caught.value) == f"{path}: {message}"


def test_what_never_ends_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")  # would wait for someone to write
    for path in (tmp_path / "pipe", Path("/dev/zero"), Path("/dev/null")):
        with pytest.raises(
            ConfigError, match=f"^{path}: is a (pipe|device or a socket); wanted a file$"
        ):
            read_config(path)
    with pytest.raises(ConfigError, match="cannot be read: file name too long$"):
        read_config(tmp_path / ("x" * 300))


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("seed", "1" * 5000, "seed: a whole number has 5,000 digits; wanted at most 19"),
        ("seed", "[" * 5000, "seed: nests more than 32 deep"),
        ("seed", '{"a": 1, "a": 2}', 'seed: the key "a" is there twice'),
        ("seed", "NaN", "seed: wanted a finite number, not NaN"),
        ("a." * 9 + "b", "1", "a.a.a.a.a.a.a.a.a.b: there is no such field"),
    ],
)
def test_absurd_changes_are_refused(tmp_path: Path, field: str, value: str, message: str) -> None:
    path = tmp_path / "x.json"
    path.write_text('{"data": {"kind": "sine"}}')
    with pytest.raises(ConfigError) as caught:
        read_config(path, {field: value})
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"data": SINE, "seed": 10**5000}, "a whole number has too many digits"),
        ({"data": SINE, "model": {"form": []}}, r"model.form: \[\] is not one of lstm-attention, "),
        (
            {"data": SINE, "model": {"hidden": 10**9}},
            "model.hidden: wanted less than or equal to 65536, not 1000000000$",
        ),
        (
            {"data": SINE, "model": {"layers": 10**6}},
            "model.layers: wanted less than or equal to 1000, not 1000000$",
        ),
        (
            {"data": SINE, "model": {"attention": {"window": {"local-p": 10**9}}}},
            "local-p.radius: wanted a whole number from 1 to 1,000,000, not 1000000000$",
        ),
        (
            {"task": "forecast", "data": {"kind": "table", "path": "a.csv", "window": 10**9}},
            "data.window: wanted less than or equal to 1000000, not 1000000000$",
        ),
        (
            {"data": {**SINE, "series": 10**6, "steps": 10**6}},
            "series times steps is about 1,000,000,000,000 values; wanted at most 1,000,000,000$",
        ),
        (
            {"data": {"kind": "csv", "path": "x" * 300}},
            "data.path: wanted names of at most 255 characters and 4,095 in all, given 300 and 300",
        ),
        ({"data": {"kind": "csv", "path": "\0"}}, "data.path: a path has no zero byte$"),
    ],
)
def test_absurd_values_are_refused(content: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        resolve_config(content)


@pytest.mark.parametrize("value", ["y" * 9999, ["y"] * 9999, {"a\nb": "y" * 9999}])
@pytest.mark.parametrize("field", ["epochs", "device", "y\n" * 9999])
def test_messages_are_one_line(field: str, value: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        resolve_config({"data": SINE, "training": {field: value}})
    assert len(str(caught.value)) < 700
    assert str(caught.value).isprintable()


def _without_maximum(schema: Any, path: str = "") -> set[str]:
    """The places in a JSON schema with a number of any size.

    But for rates and weights of a training, which says that it diverges, and pairs, which are
    checked where series are made.
    """
    if isinstance(schema, list):
        return set().union(*(_without_maximum(each, path) for each in schema))
    if not isinstance(schema, dict):
        return set()
    kind, bounded = schema.get("type"), {"maximum", "exclusiveMaximum", "enum"} & set(schema)
    elsewhere = ".Training." in path or path.endswith("prefixItems")
    if not bounded and (kind == "integer" or (kind == "number" and not elsewhere)):
        return {path}
    return set().union(*(_without_maximum(each, f"{path}.{name}") for name, each in schema.items()))


@pytest.mark.parametrize("task", TASKS)
def test_every_number_has_a_maximum(task: str) -> None:
    assert not _without_maximum(config_of(task).model_json_schema())
