"""Comparing attentions: the table, its files, going on, and what goes wrong."""

import csv
import json
from pathlib import Path
from statistics import fmean, stdev

import pytest

from commands import TINY, Regard
from regard import jobs
from regard.errors import RegardError
from regard.jobs import comparison
from regard.runs import read_run

GENERAL = {"score": "general", "window": {"local-p": 3}, "align": "sparsemax", "heads": 2}


def _config(folder: Path) -> Path:
    path = folder / "waves.json"
    path.write_text(json.dumps(TINY))
    return path


def test_compare_trains_each_and_saves_one_table(regard: Regard, tmp_path: Path) -> None:
    out = tmp_path / "out"
    code = regard(
        *("compare", _config(tmp_path), "--out", out, "--seeds", "2"),
        *("--attention", "additive, hard", "--attention", json.dumps(GENERAL)),
    )
    assert code == 0
    rows = list(csv.DictReader((out / "compare.csv").read_text().splitlines()))
    label = "general local-p 3 sparsemax heads 2"
    assert [(row["attention"], row["seed"]) for row in rows] == [
        (name, seed) for name in ("additive", "hard", label) for seed in ("0", "1")
    ]
    # every row is what its own run says, and the table what the rows say
    run = read_run(out / "hard-seed1")
    assert run.config.model.attention.align == "hard"
    assert run.config.seed == 1
    assert float(rows[3]["f1"]) == run.metrics["f1"]
    assert read_run(out / f"{label.replace(' ', '-')}-seed0").config.model.heads == 2
    heading, _, *lines = (out / "compare.md").read_text().splitlines()
    assert heading.startswith(
        "| attention | F1 | localisation | lowest F1 | accuracy to the best |"
    )
    figures = [float(row["f1"]) for row in rows[2:4]]
    assert f"| {fmean(figures):.4f} ± {stdev(figures):.4f} |" in lines[1]
    assert f"| {min(figures):.4f} |" in lines[1]
    assert rows[2]["parameters"] in lines[1]
    # the same table is printed
    assert [line.split()[0] for line in regard.out.splitlines()[:3]] == [
        "attention",
        "additive",
        "hard",
    ]
    assert "compare.md" in regard.out


def test_everything_else_stays_the_same(tmp_path: Path) -> None:
    jobs.compare(TINY, ["dot", "causal"], tmp_path / "out", seeds=1)
    configs = [
        read_run(tmp_path / "out" / f"{name}-seed0").config.model_dump(
            exclude={"versions": True, "model": {"attention"}}
        )
        for name in ("dot", "causal")
    ]
    assert configs[0] == configs[1]


def test_all_are_pooled_alike_where_the_configuration_does_not_say_how(tmp_path: Path) -> None:
    model = {name: value for name, value in TINY["model"].items() if name != "pooling"}
    config = {**TINY, "model": model}
    for names, pooling in ((["dot", "general"], "conjunctive"), (["dot", "hard"], "attention")):
        out = tmp_path / names[1]
        jobs.compare(config, names, out, seeds=1)
        for name in names:
            assert read_run(out / f"{name}-seed0").config.model.pooling == pooling


def test_a_comparison_goes_on_where_it_was_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    real = jobs.train

    def cut_off(config: object, out: Path, **how: bool) -> object:
        calls.append(out.name)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(config, out, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(comparison, "train", cut_off)
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        jobs.compare(TINY, ["dot", "general"], out, seeds=1)
    before = (out / "dot-seed0" / "model.safetensors").stat().st_mtime_ns
    compared = jobs.compare(TINY, ["dot", "general"], out, seeds=1, resume=True)
    assert (out / "dot-seed0" / "model.safetensors").stat().st_mtime_ns == before
    assert [one.attention for one in compared.trained] == ["dot", "general"]


def test_an_interrupted_comparison_says_how_to_go_on(
    regard: Regard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(comparison, "train", interrupt)
    config, out = _config(tmp_path), tmp_path / "out"
    table = '{"align": "hard"}'
    words = ["compare", str(config), "--out", str(out), "--attention", "dot"]
    assert regard(*words, "--attention", table, "--set", "training.epochs=1") == 130
    assert regard.err.strip() == (
        f"interrupted; continue with: regard compare {config} --out {out} --seeds 3 "
        f"--attention dot --attention '{table}' --set training.epochs=1 --resume"
    )


def test_one_that_fails_does_not_stop_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = jobs.train

    def fail(config: object, out: Path, **how: bool) -> object:
        if out.name == "dot-seed0":
            raise RegardError("training diverged")
        return real(config, out, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(comparison, "train", fail)
    compared = jobs.compare(TINY, ["dot", "general"], tmp_path / "out", seeds=1)
    assert compared.trained[0].failure == "training diverged"
    assert compared.table[1] == ["dot", "failed", "failed", "", "", "", "", "", "0 of 1"]
    assert compared.table[2][-1] == "1"
    assert "training diverged" in (tmp_path / "out" / "compare.csv").read_text()


def test_a_comparison_fails_where_every_training_does(
    regard: Regard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> object:
        raise RegardError("training diverged")

    monkeypatch.setattr(comparison, "train", fail)
    out = tmp_path / "out"
    words = ("compare", _config(tmp_path), "--out", out, "--attention", "dot", "--seeds", "2")
    assert regard(*words) == 2
    assert "every training of the comparison failed" in regard.err.splitlines()[-1]
    assert (out / "compare.csv").read_text().count("training diverged") == 2
    assert not list(out.glob("*seed*"))


def test_several_classes_are_compared_by_accuracy(tmp_path: Path) -> None:
    path = tmp_path / "three.csv"
    path.write_text("".join(f"{n % 3},{n % 3},{n},{-n},{n % 5}\n" for n in range(30)))
    config = {**TINY, "data": {"kind": "csv", "path": str(path)}}
    table = jobs.compare(config, ["dot"], tmp_path / "out", seeds=1).table
    assert table[0] == [
        "attention",
        "accuracy",
        "lowest accuracy",
        "accuracy to the best",
        "differs",
        "fit seconds",
        "parameters",
        "seeds",
    ]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--attention", "dto"], "attention dto: model.attention: 'dto' is not known; did you"),
        (["--attention", "dot,dot"], "attention: dot is named twice"),
        (["--attention", ","], "attention: name at least one"),
        (["--attention", 'dot,{"window": ["causal"]}'], "not known"),
        (["--attention", '{"window": ["causal"]}'], "wanted a name, or a table such as"),
        (["--attention", '{"score"'], "not JSON"),
        (["--attention", "dot", "--set", "model.heads=0"], "model.heads: wanted greater"),
        (
            ["--attention", "dot,hard", "--set", "model.pooling=conjunctive"],
            "attention hard: model.pooling: conjunctive pooling gates every state by itself, "
            "so that hard has no meaning; set pooling to attention",
        ),
        (["--attention", '{"align": "hard", "window": "local-p"}'], "Gaussian of local-p"),
    ],
)
def test_what_cannot_be_compared_is_refused_before_any_training(
    regard: Regard, tmp_path: Path, words: list[str], expected: str
) -> None:
    out = tmp_path / "out"
    assert expected in regard.fails("compare", _config(tmp_path), "--out", out, *words)
    assert not out.exists()


def test_an_output_that_exists(regard: Regard, tmp_path: Path) -> None:
    config, out = _config(tmp_path), tmp_path / "out"
    out.mkdir()
    words: list[str | Path] = ["compare", config, "--attention", "dot"]
    assert "out: exists; use --resume to continue, or choose" in regard.fails(*words, "--out", out)
    file = tmp_path / "file"
    file.touch()
    assert "is a file; choose the name of a folder" in regard.fails(
        *words, "--out", file, "--resume"
    )


@pytest.mark.parametrize("name", ["compare.csv", "compare.tex", "hard-seed1"])
@pytest.mark.parametrize("what", ["folder", "link"])
def test_what_cannot_be_written_is_refused_before_any_training(
    regard: Regard, tmp_path: Path, name: str, what: str
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    if what == "link":
        (out / name).symlink_to(tmp_path)
    else:
        (out / name / "mine").mkdir(parents=True)
    words = ("--attention", "dot", "--attention", "hard", "--seeds", "2", "--overwrite")
    said = regard.fails("compare", _config(tmp_path), "--out", out, *words)
    assert name in said
    assert [each.name for each in out.iterdir()] == [name]
