"""What the service answers, and that it is what the estimator says."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import numpy as np
import polars as pl
import pytest

pytest.importorskip("fastapi")

from commands import TINY
from regard import jobs
from regard.config import resolve_config
from regard.errors import ConfigError
from regard.estimators import SeriesClassifier, TextClassifier, estimator_of
from regard.jobs.parts import load_parts
from regard.runs import read_run, weights_digest
from regard.serve.limits import Limits
from regard.serve.served import open_runs
from serving import MAKERS, saved, serving

Client = Any


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return saved("classify", tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return saved("classify-text", tmp_path_factory.mktemp("texts"))


@pytest.fixture(scope="module")
def client(series: Path) -> Iterator[Client]:
    with serving(series) as found:
        yield found


WAVES = [[float(x) for x in np.sin(np.arange(n) / 3)] for n in (31, 17, 29)]


@pytest.mark.parametrize("task", MAKERS)
def test_every_task_predicts_explains_and_attends(task: str, tmp_path: Path) -> None:
    path = saved(task, tmp_path)
    with serving(path) as client:
        (about,) = client.get("/model").json()["runs"]
        example = about["case"]["examples"][0]
        asked: dict[str, Any] = {"case": example}
        (row,) = client.post("/predict", json=asked).json()["answers"]
        (told,) = client.post("/explain", json=asked | {"picture": True}).json()["answers"]
        (maps,) = client.post("/attend", json=asked).json()["answers"]
    estimator = estimator_of(task).load(path)
    cases = estimator.input_.posted([example])
    options = estimator.output_.for_new
    seen = estimator.infer(cases, maps=("attention",), **options)
    columns, _ = estimator.output_.columns(seen)
    per = 3 if task == "forecast" else 1
    for name, column in columns.items():
        if name != "case":
            wanted = [str(x) if isinstance(x, np.datetime64) else x for x in column][:per]
            assert row[name] == (pytest.approx(wanted[0]) if per == 1 else pytest.approx(wanted))
    assert row.items() <= {**told["prediction"], "case": row["case"]}.items()
    assert told["picture"].lstrip().startswith("<?xml")
    assert np.allclose(maps["maps"]["attention"], seen.maps["attention"][0])


def test_a_batch_is_answered_as_by_the_estimator(series: Path, client: Client) -> None:
    answers = client.post("/predict", json={"cases": WAVES}).json()["answers"]
    shares = [[row[f"probability {name}"] for name in ("fast", "slow")] for row in answers]
    wanted = SeriesClassifier.load(series).predict_proba([np.array(each) for each in WAVES])
    assert np.allclose(shares, wanted, atol=1e-6)
    assert [row["case"] for row in answers] == ["0", "1", "2"]


def test_clients_at_once_get_their_own_answers_of_few_passes(client: Client) -> None:
    waves = [[float(x) for x in np.sin(np.arange(21) / (2 + n))] for n in range(24)]
    alone = client.post("/predict", json={"cases": waves}).json()["answers"]

    def ask(wave: list[float]) -> dict[str, Any]:
        (answer,) = client.post("/predict", json={"case": wave}).json()["answers"]
        return dict(answer)

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(ask, waves))
    for one, other in zip(found, alone, strict=True):
        assert one["case"] == "0"
        assert one["probability fast"] == pytest.approx(other["probability fast"], abs=1e-5)


def test_a_wrong_case_takes_no_other_with_it(client: Client) -> None:
    bodies = [{"case": WAVES[n % 3] if n % 4 else [None]} for n in range(16)]

    def ask(body: dict[str, Any]) -> int:
        return int(client.post("/predict", json=body).status_code)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, bodies)) == [200 if n % 4 else 422 for n in range(16)]


@pytest.mark.parametrize("name", ["occlusion", "gradient", "integrated-gradients", "evidence"])
def test_maps_by_every_method(series: Path, client: Client, name: str) -> None:
    (told,) = client.post("/explain", json={"case": WAVES[0], "maps": [name]}).json()["answers"]
    model = SeriesClassifier.load(series)
    given = [np.array(WAVES[0])]
    wanted = model.evidence(given) if name == "evidence" else model.attributions(given, method=name)
    assert np.allclose(told["maps"][name], wanted[0], atol=1e-5)
    assert told["of"]["series"] == [WAVES[0]]


def test_verdicts_are_those_of_the_audit(tmp_path: Path) -> None:
    path = saved("classify", tmp_path)
    row = {"map": "attention", "verdict": "weak", "sentence": "little", "figures": None}
    rows = [row | {"label": name} for name in ("fast", "slow")]
    audit = {"cases": 2, "seed": 0, "drawn": "attention", "verdicts": rows}
    content = json.dumps({"weights": weights_digest(path), **audit})
    (path / "audit.json").write_text(content, encoding="utf-8")
    with serving(path) as client:
        (told,) = client.post("/explain", json={"case": WAVES[0]}).json()["answers"]
        (about,) = client.get("/model").json()["runs"]
    assert told["verdicts"] == {"attention": {"verdict": "Too few cases", "sentence": "little"}}
    assert about["verdicts"][0]["verdict"] == "weak"


def test_channels_by_name_and_in_order(tmp_path: Path) -> None:
    import polars as pl

    rows = [[np.sin(np.arange(9) / (1 + n % 2)), np.arange(9.0)] for n in range(20)]
    frame = pl.DataFrame({"x": [r[0].tolist() for r in rows], "y": [r[1].tolist() for r in rows]})
    from serving import SMALL

    model = SeriesClassifier(**SMALL, encoder="conv").fit(frame, ["a", "b"] * 10)
    model.save(tmp_path / "two")
    with serving(tmp_path / "two") as client:
        names = client.get("/model?run=two").json()["channels"]
        one, two = (each.tolist() for each in rows[0])
        listed = client.post("/predict", json={"case": [one, two]}).json()
        named = client.post("/predict", json={"case": {names[1]: two, names[0]: one}}).json()
        assert listed == named
        unknown = client.post("/predict", json={"case": {names[0]: one, "z": two}})
    assert unknown.status_code == 422
    assert "there is no channel 'z'" in unknown.json()["error"]["message"]


def test_files_are_read_as_at_the_command_line(client: Client, series: Path) -> None:
    lines = [",".join(["slow", *(f"{x:.6f}" for x in WAVES[0])]), ",".join(["", *["1"] * 30, "x"])]
    content = "\n".join(lines)
    file = {"file": ("new.csv", content)}
    first, second = client.post("/predict", files=file).json()["answers"]
    assert first["true"] == "slow"
    assert second["left_out"] == "with missing values"
    told = client.post("/explain", files=file, data={"maps": "occlusion", "picture": "true"})
    assert set(told.json()["answers"][0]["maps"]) == {"occlusion"}


@pytest.mark.parametrize("ending", ["parquet", "feather", "jsonl"])
def test_tables_are_read_as_at_the_command_line(
    client: Client, series: Path, tmp_path: Path, ending: str
) -> None:
    rows = np.stack([np.sin(np.arange(31) / 3), np.sin(2 * np.arange(31) / 3)]).round(4)
    frame = pl.DataFrame(rows, schema=[f"t{n}" for n in range(31)], orient="row")
    path = tmp_path / f"waves.{ending}"
    write: dict[str, Any] = {
        "parquet": frame.write_parquet,
        "feather": frame.write_ipc,
        "jsonl": frame.write_ndjson,
    }
    write[ending](path)
    told = client.post("/predict", files={"file": (path.name, path.read_bytes())}).json()
    wanted = SeriesClassifier.load(series).predict(rows)
    assert [each["label"] for each in told["answers"]] == wanted.tolist()
    cut = client.post("/predict", files={"file": (path.name, path.read_bytes()[:-30])})
    assert cut.status_code == 422


def test_pictures_come_as_base64_and_as_files(tmp_path: Path) -> None:
    from regard.inputs.image.view import as_png

    png = as_png(np.full((11, 13, 1), 200, np.uint8))
    with serving(saved("classify-image", tmp_path)) as client:
        (one,) = client.post("/predict", json={"case": png}).json()["answers"]
        content = base64.b64decode(png)
        files = {"file": ("../../etc/x.png", content, "image/png")}
        (other,) = client.post("/predict", files=files).json()["answers"]
        assert one["label"] == other["label"]
        wrong = client.post("/predict", json={"case": base64.b64encode(b"no picture").decode()})
        table = client.post("/predict", files={"file": ("x.csv", "path\n/etc/passwd\n")})
    assert wrong.status_code == 422
    assert gettempdir() not in wrong.text
    assert table.status_code == 415


def test_several_runs_are_served_by_name(series: Path, texts: Path) -> None:
    with serving(series, texts) as client:
        assert [run["name"] for run in client.get("/model").json()["runs"]] == [
            "classify",
            "classify-text",
        ]
        body = {"run": "classify-text", "case": "a fine film"}
        assert client.post("/predict", json=body).json()["run"] == "classify-text"
        none = client.post("/predict", json={"case": "a fine film"})
        other = client.post("/predict?run=classify-txt", json={"case": "a"})
    assert none.json()["error"]["message"] == "run: name one of classify, classify-text"
    assert other.status_code == 404
    assert "did you mean 'classify-text'" in other.json()["error"]["message"]


def test_two_runs_of_one_name_are_refused(series: Path, tmp_path: Path) -> None:
    (tmp_path / "classify").mkdir()
    with pytest.raises(ConfigError, match="are both called classify; rename one"):
        open_runs([series, tmp_path / "classify"])


def test_test_cases_are_stepped_through(texts: Path, tmp_path: Path) -> None:
    file = tmp_path / "new.csv"
    file.write_text("text,label\na fine film,good\na bad film,good\n", encoding="utf-8")
    with serving(texts, cases=file) as client:
        found = client.get("/cases").json()
        (told,) = client.post("/explain", json={"test_case": 1}).json()["answers"]
        beyond = client.post("/explain", json={"test_case": 2})
    assert found["source"] == "new.csv"
    assert [row["right"] for row in found["rows"]] == [True, False]
    assert told["of"]["text"] == "a bad film"
    assert beyond.status_code == 422
    expected = TextClassifier.load(texts).predict_proba(["a bad film"]).max()
    assert found["rows"][1]["certainty"] == pytest.approx(expected, abs=1e-6)


def test_a_run_fitted_in_python_has_no_test_cases(client: Client) -> None:
    assert client.get("/cases").json()["rows"] == []


def test_the_test_part_of_a_run_is_that_of_its_data(tmp_path: Path) -> None:
    config = resolve_config(TINY)
    jobs.train(config, tmp_path / "run", verbose=False)
    with serving(tmp_path / "run") as client:
        found = client.get("/cases").json()
    test = load_parts(config).test
    assert [row["case"] for row in found["rows"]] == [str(each) for each in test.ids]
    right = [row["right"] for row in found["rows"]]
    assert sum(right) / len(right) == read_run(tmp_path / "run").metrics["accuracy"]


def test_a_folder_that_goes_or_is_replaced_is_told(tmp_path: Path) -> None:
    path = saved("classify", tmp_path)
    with serving(path) as client:
        assert client.get("/health").json() == {"status": "ok", "runs": {"classify": "same"}}
        path.rename(tmp_path / "elsewhere")
        assert client.get("/health").json()["runs"] == {"classify": "gone"}
        saved("classify", tmp_path)
        assert client.get("/health").json()["runs"] == {"classify": "changed"}
        assert client.post("/predict", json={"case": WAVES[0]}).status_code == 200


def test_the_schema_has_the_names_of_the_runs(series: Path, texts: Path) -> None:
    with serving(series, texts, limits=Limits(cases=7)) as client:
        schema = client.get("/openapi.json").json()
    own = schema["components"]["schemas"]["prediction-classify"]["properties"]
    assert own["label"] == {"enum": ["fast", "slow"]}
    assert "trained on 31 to 31 steps" in json.dumps(schema["components"]["schemas"])
    body = schema["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]
    assert body["schema"]["anyOf"][0]["properties"]["cases"]["maxItems"] == 7


def test_metrics_count_requests_and_passes(series: Path) -> None:
    with serving(series) as client:
        client.post("/predict", json={"cases": WAVES})
        client.post("/predict", json={})
        client.get("/no/such/path")
        text = client.get("/metrics").text
    lines = set(text.splitlines())
    assert {
        'regard_requests_total{path="/predict",status="200"} 1',
        'regard_requests_total{path="/predict",status="422"} 1',
        'regard_requests_total{path="other",status="404"} 1',
        "regard_passes_total 1",
        "regard_cases_total 3",
        "regard_requests_waiting 0",
    } <= lines


def test_options_of_a_search_are_those_of_the_command_line(tmp_path: Path) -> None:
    with serving(saved("translate", tmp_path)) as client:
        body = {"case": "a dog", "options": {"beam": 3, "nbest": 2}}
        (row,) = client.post("/predict", json=body).json()["answers"]
        assert {"target", "target 2", "score 2"} <= set(row)
        for wrong in ({"beam": 0}, {"beam": "x"}, {"beam": 10**6}, {"steps": 3}, {"nbest": True}):
            assert client.post("/predict", json=body | {"options": wrong}).status_code == 422
