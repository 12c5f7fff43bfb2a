"""The command line on translations: the jobs end to end, and one clear line for what goes wrong."""

import csv
import io
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lightning.pytorch import LightningModule, Trainer

from commands import TINY, Regard
from regard import jobs
from regard.estimators import Translator
from regard.runs import read_run
from regard.terminal import print_figures
from regard.training.callbacks import Checkpoint

MODEL: dict[str, Any] = {
    "hidden": 16,
    "embedding_dim": 8,
    "attention_dim": 8,
    "dropout": 0.0,
    "embedding_dropout": 0.0,
    "beam": 3,
}
TRAINING = {"epochs": 3, "learning_rate": 0.02, "updates_per_epoch": 4, "device": "cpu"}
DATES: dict[str, Any] = {
    "task": "translate",
    "data": {"kind": "dates", "cases": 90, "longer": 10},
    "model": {**MODEL, "tokens": "character"},
    "training": TRAINING,
}
COLOURS = {"red": "rot", "blue": "blau", "green": "grün", "black": "schwarz"}
THINGS = {"dog": "Hund", "table": "Tisch", "tree": "Baum", "man": "Mann", "train": "Zug"}


def _pairs() -> list[tuple[str, str]]:
    return [
        (f"the {colour} {thing} is here", f"der {farbe}e {ding} ist hier")
        for colour, farbe in COLOURS.items()
        for thing, ding in THINGS.items()
    ]


def _settings(folder: Path, **data: Any) -> dict[str, Any]:
    """A training on parallel files, with a vocabulary for each side."""
    for side, texts in zip("sd", zip(*_pairs(), strict=True), strict=True):
        lines = "".join(f"{text}\n" for text in texts)
        (folder / f"a.{side}").write_text(lines, encoding="utf-8")
    paths = {"source_path": str(folder / "a.s"), "target_path": str(folder / "a.d")}
    return {
        "task": "translate",
        "data": {"kind": "parallel", **paths, "test_share": 0.25, **data},
        "model": {**MODEL, "joint": False, "vocabulary": 60},
        "training": TRAINING,
    }


def _table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def dates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dates") / "run"
    jobs.train(DATES, out)
    return out


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pairs")
    long = {**TRAINING, "epochs": 10}  # until it writes something
    jobs.train({**_settings(folder), "training": long}, folder / "run")
    return folder / "run"


@pytest.fixture(scope="module")
def series_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("series") / "waves"
    jobs.train({**TINY, "training": {**TINY["training"], "epochs": 1}}, out)
    return out


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    return lambda lines: monkeypatch.setattr(sys, "stdin", io.StringIO(lines))


def test_figures_by_length_follow_the_others(capsys: pytest.CaptureFixture[str]) -> None:
    row = {"cases": 30, "bleu": 30.126, "exact_match": 0.25}
    print_figures(
        {
            "bleu": 7.123,
            "longer_localisation_ap": 0.5,
            "cases": 60,
            "by_length": [{"from": 1, "to": 4, **row}, {"from": 12, "to": 12, **row}],
            "mistakes": [{"kind": "empty", "cases": 0}, {"kind": "too short", "cases": 3}],
            "signatures": {"bleu_lowercase": "nrefs:1|case:lc"},
            "notes": ["one"],
        }
    )
    assert capsys.readouterr().out.splitlines() == [
        "bleu                        7.12",
        "longer localisation ap      0.5000",
        "cases                       60",
        "mistakes                    too short 3",
        "signature of bleu lowercase nrefs:1|case:lc",
        "source tokens  cases   bleu  exact match",
        "1 to 4            30  30.13       0.2500",
        "12                30  30.13       0.2500",
        "note: one",
    ]


# From end to end.


def test_dates_from_end_to_end(regard: Regard, tmp_path: Path) -> None:
    config, out = tmp_path / "dates.json", tmp_path / "run"
    config.write_text(json.dumps(DATES))
    assert regard("train", config, "--out", out) == 0
    metrics = read_run(out).metrics
    printed = dict(line.rsplit(maxsplit=1) for line in regard.out.splitlines())
    figures = {name.strip(): value for name, value in printed.items()}
    assert list(figures)[:4] == ["bleu", "bleu lowercase", "chrf", "sentence chrf"]
    assert figures["bleu"] == f"{metrics['bleu']:.2f}"
    assert figures["longer exact match"] == f"{metrics['longer_exact_match']:.4f}"
    assert figures["signature of bleu"] == metrics["signatures"]["bleu"]
    assert figures["report:"] == str(out / "report.html")
    assert regard("show", out) == 0
    assert '"task": "translate"' in regard.out
    assert f"{metrics['bleu']:.2f}" in regard.out

    assert regard("predict", out, "--text", "3 May 1979", "--beam", "4", "--nbest", "3") == 0
    lines = regard.out.splitlines()
    best = Translator.load(out).predict_nbest(["3 May 1979"], 4)[0][:3]
    assert [line.split(maxsplit=1) for line in lines[:3]] == [[f"{s:.3f}", t] for t, s in best]
    assert [len(line) - len(text) for line, (text, _) in zip(lines, best, strict=False)] == [8] * 3
    assert lines[-1].startswith("[END]")
    for suffix in ("png", "svg", "html"):
        picture = tmp_path / f"map.{suffix}"
        assert regard("explain", out, "--text", "3 May 1979", "--out", picture) == 0
        assert picture.stat().st_size > 2000
        assert regard.out.startswith(f"{best[0][0]}: ")


# Predicting.


def test_predict_a_table_of_the_best(regard: Regard, run: Path, tmp_path: Path) -> None:
    source, out = tmp_path / "new.txt", tmp_path / "p.csv"
    texts = ["the red dog is here", "", "the blue tree is here"]
    source.write_text("\n".join(texts) + "\n")
    assert regard("predict", run, source, "--nbest", "2", "--out", out) == 0
    assert regard.out.startswith("2 predictions, 1 without a text")
    rows, best = _table(out), Translator.load(run).predict_nbest([texts[0], texts[2]], 2)
    assert set(rows[0]) == {"case", "target", "score", "target 2", "score 2"}
    assert [row["case"] for row in rows] == ["0", "1", "2"]
    assert set(rows[1].values()) == {"1", ""}
    for row, [(first, score), (second, other)] in zip(rows[::2], best, strict=True):
        assert (row["target"], row["target 2"]) == (first, second)
        assert float(row["score"]) == pytest.approx(score, abs=1e-5)
        assert float(row["score 2"]) == pytest.approx(other, abs=1e-5)


def test_predict_a_line_for_each_line(regard: Regard, run: Path, tmp_path: Path) -> None:
    source, out = tmp_path / "new.txt", tmp_path / "p.txt"
    source.write_text("the red dog is here\n\nthe blue tree is here\n")
    assert regard("predict", run, source, "--out", out) == 0
    first, second = Translator.load(run).predict(["the red dog is here", "the blue tree is here"])
    assert out.read_text(encoding="utf-8") == f"{first}\n\n{second}\n"
    before = out.read_bytes()
    assert "exists" in regard.fails("predict", run, source, "--out", out)
    assert out.read_bytes() == before
    assert regard("predict", run, source, "--beam", "1", "--out", out, "--overwrite") == 0


def test_a_table_with_targets_is_scored(regard: Regard, run: Path, tmp_path: Path) -> None:
    source, out = tmp_path / "new.csv", tmp_path / "p.csv"
    source.write_text("source,target\n" + "".join(f"{s},{t}\n" for s, t in _pairs()[:4]))
    assert regard("predict", run, source, "--out", out) == 0
    sources, targets = map(list, zip(*_pairs()[:4], strict=True))
    score = Translator.load(run).score(sources, targets)
    assert regard.out.startswith(f"4 predictions, BLEU {score:.2f}")
    assert [row["true"] for row in _table(out)] == [target for _, target in _pairs()[:4]]


def test_the_prompt(regard: Regard, run: Path, typed: Callable[[str], None]) -> None:
    typed("the red dog is here\n\nxyz\n")
    assert regard("predict", run) == 0
    [best] = Translator.load(run).predict(["the red dog is here"])
    assert regard.out.splitlines()[0] == best
    assert regard.out.count("[END]") >= 2


def test_what_is_odd_in_new_texts(regard: Regard, run: Path, tmp_path: Path) -> None:
    source = tmp_path / "new.txt"
    source.write_text("QQQ\nder rote Hund ist hier\n")
    assert regard("predict", run, source, "--out", tmp_path / "p.csv") == 0
    assert "without a known word" in regard.out
    assert "like the language to translate to: was it swapped?" in regard.out
    assert regard("predict", run, "--text", "der blaue Baum ist hier") == 0
    assert "was it swapped?" in regard.out
    long = tmp_path / "long.txt"
    long.write_text("the red dog is here " * 60 + "\n")
    assert regard("predict", run, long, "--beam", "1", "--out", tmp_path / "q.txt") == 0
    assert ", 1 truncated to 256 tokens" in regard.out


# Explaining.


def test_explain_a_given_target(regard: Regard, run: Path, tmp_path: Path) -> None:
    source, target = "the red dog is here", "der grüne Tisch"
    words: list[str | Path] = ["explain", run, "--text", source, "--target", target]
    assert regard(*words, "--out", tmp_path / "map.html") == 0
    assert regard.out.startswith(f"{target}: ")
    page = (tmp_path / "map.html").read_text(encoding="utf-8")
    [aligned] = Translator.load(run).align([source], [target])
    assert [each in page for each in aligned.target] == [True] * 4
    assert page.count(f'title="{aligned.weights.max():.2f}"') >= 1
    table = tmp_path / "new.csv"
    table.write_text("source\n" + "".join(f"{s}\n" for s, _ in _pairs()[:3]))
    words = ["explain", run, table, "--case", "2", "--target", target]
    assert regard(*words, "--out", tmp_path / "map.svg") == 0
    assert regard.out.startswith(f"case 2: {target}: ")


def test_a_given_target_has_the_score_that_the_search_found(run: Path) -> None:
    model, source = Translator.load(run), ["the red dog is here"]
    [[(best, score), *_]] = model.predict_nbest(source, 3)
    seen = model.infer(source, maps=("weights",), target=best)
    assert seen.values[0][0].per_token == pytest.approx(score, abs=1e-5)
    found = model.infer(source, maps=("weights",)).maps["weights"][0]
    assert seen.maps["weights"][0] == pytest.approx(found, abs=1e-5)


def test_explain_every_case(regard: Regard, dates: Path, tmp_path: Path) -> None:
    source, out = tmp_path / "new.txt", tmp_path / "all"
    source.write_text("3 May 1979\n\nMay 4, 1980\n")
    assert regard("explain", dates, source, "--all", "--out", out) == 0
    assert regard.out.startswith("2 pictures, 1 without a text")
    assert {each.name for each in out.iterdir()} == {"index.html", "0.png", "2.png"}


# What goes wrong.


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["predict", "--beam", "0"], "--beam: wanted a whole number of at least 1, given 0"),
        (["predict", "--beam", "61"], "--beam: wanted at most 60, the number of tokens, not 61"),
        (["predict", "--nbest", "0"], "--nbest: wanted a whole number of at least 1, given 0"),
        (
            ["predict", "--nbest", "4"],
            "--nbest: wanted at most 3, the beam, given 4; use --beam 4",
        ),
        (
            ["predict", "--beam", "2", "--nbest", "3"],
            "--nbest: wanted at most 2, the beam, given 3; use --beam 3",
        ),
        (["explain", "--target", "der 龍 ☃ 龍"], "the model does not know: '龍', '☃'"),
        (["explain", "--target", " "], "--target: is empty"),
        (
            ["explain", "--target", "der", "--all"],
            "use it without --case, --worst, --text and --target",
        ),
    ],
)
def test_options_that_are_wrong(
    regard: Regard, run: Path, tmp_path: Path, words: list[str], said: str
) -> None:
    command, *options = words
    (tmp_path / "new.txt").write_text("the red dog is here\n")
    before = sorted(tmp_path.iterdir())
    ends = (".csv", ".txt") if command == "predict" else (".png", ".html")
    for end in ends:
        given: list[str | Path] = [
            command,
            run,
            tmp_path / "new.txt",
            *options,
            "--out",
            tmp_path / f"out{end}",
        ]
        assert said in regard.fails(*given)
    if "--all" not in options:
        out: list[str | Path] = ["--out", tmp_path / "a.svg"] if command == "explain" else []
        assert said in regard.fails(command, run, "--text", "the red dog", *options, *out)
    assert sorted(tmp_path.iterdir()) == before


def test_a_text_file_has_no_room_for_several(regard: Regard, run: Path, tmp_path: Path) -> None:
    source = tmp_path / "new.txt"
    source.write_text("the red dog is here\n")
    said = regard.fails("predict", run, source, "--nbest", "2", "--out", tmp_path / "p.txt")
    assert said.startswith("error: --nbest: ")
    assert said.endswith("p.txt has one line for each text; name a table, such as .csv")


def test_other_tasks_take_no_such_option(regard: Regard, series_run: Path, tmp_path: Path) -> None:
    source = tmp_path / "new.csv"
    source.write_text("1,2,3\n")
    for option, command in (("beam", "predict"), ("nbest", "predict"), ("target", "explain")):
        out = tmp_path / ("p.csv" if command == "predict" else "p.svg")
        said = regard.fails(command, series_run, source, f"--{option}", "2", "--out", out)
        assert said.startswith(f"error: --{option}: ")
        assert said.endswith("waves was trained to classify, which takes no such option")
    said = regard.fails("predict", series_run, source, "--out", tmp_path / "p.txt")
    assert "waves was trained to classify, whose predictions need a table; wanted a name" in said
    assert sorted(tmp_path.iterdir()) == [source]


@pytest.mark.parametrize(
    ("section", "value", "said"),
    [
        ("model", {"pooling": "attention"}, "pooling"),
        ("model", {"attention": {"score": "dot", "query": "learned"}}, "attention.query: the "),
        ("model", {"beam": 0}, "model.beam"),
        ("model", {"subword_dropout": 1.0}, "model.subword_dropout: "),
        ("model", {"subword_dropout": -0.1}, "model.subword_dropout: "),
        (
            "model",
            {"subword_dropout": 0.1, "tokens": "word"},
            "model: subword_dropout skips merges of bpe, and tokens is word; leave it",
        ),
        ("model", {"attention": "addictive"}, "addictive"),
        ("training", {"class_weight": "balanced"}, "class_weight"),
        ("data", {"source_path": "${REGARD_NOWHERE}/a.en"}, "REGARD_NOWHERE"),
    ],
)
def test_configurations_that_are_wrong(
    regard: Regard, tmp_path: Path, section: str, value: dict[str, Any], said: str
) -> None:
    settings = _settings(tmp_path)
    settings[section] = settings[section] | value
    (tmp_path / "x.json").write_text(json.dumps(settings))
    before = sorted(tmp_path.iterdir())
    assert said in regard.fails("train", tmp_path / "x.json", "--out", tmp_path / "run")
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("tokenizer.json", lambda text: text[:50], "tokenizer.json: is damaged: vocabulary: "),
        ("tokenizer.json", lambda text: "[" * 9999, "tokenizer.json: is damaged: vocabulary: "),
        ("tokenizer.json", None, "tokenizer.json: is damaged: vocabulary: "),
        ("tokenizer.json", "tokens", "leaning has"),
        ("preprocess.json", "target_vocabulary", "preprocess.json: is damaged: vocabulary: "),
        ("preprocess.json", "leaning", "preprocess.json: is damaged: it has no 'leaning'"),
        ("preprocess.json", "target tokens", "the weights are not those of its config.json"),
    ],
)
def test_a_damaged_run(
    regard: Regard, run: Path, tmp_path: Path, name: str, change: Any, said: str
) -> None:
    copy = tmp_path / "run"
    shutil.copytree(run, copy)
    file = copy / name
    text = file.read_text()
    if change is None:
        file.unlink()
    elif callable(change):
        file.write_text(change(text))
    else:
        kept = json.loads(text)
        if change == "tokens":
            kept["tokens"].append("new")
        elif change == "target tokens":
            own = json.loads(kept["target_vocabulary"])
            own["tokens"].append("new")
            kept["target_vocabulary"] = json.dumps(own)
        elif change == "target_vocabulary":
            kept[change] = kept[change][:40]
        else:
            del kept[change]
        file.write_text(json.dumps(kept))
    assert said in regard.fails("predict", copy, "--text", "the red dog")


def test_a_training_that_was_cut_off_is_resumed_to_the_same_end(
    regard: Regard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, updates_before: list[int]
) -> None:
    config = tmp_path / "x.json"
    settings = _settings(tmp_path, validation_share=0.25)
    settings["model"]["subword_dropout"] = 0.2
    config.write_text(json.dumps(settings))
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    assert regard("train", config, "--out", whole) == 0
    save = Checkpoint.on_train_epoch_end

    def end(self: Checkpoint, trainer: Trainer, pl_module: LightningModule) -> None:
        save(self, trainer, pl_module)
        if trainer.current_epoch == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(Checkpoint, "on_train_epoch_end", end)
    assert regard("train", config, "--out", cut) == 130
    assert regard.err.strip() == (
        f"interrupted; continue with: regard train {config} --out {cut} --resume"
    )
    assert not cut.exists()
    monkeypatch.undo()
    assert "training was interrupted" in regard.fails("train", config, "--out", cut)
    assert regard("train", config, "--out", cut, "--resume") == 0
    assert updates_before[-1] > 0
    for name in ("history.csv", "model.safetensors", "tokenizer.json", "preprocess.json"):
        assert (cut / name).read_bytes() == (whole / name).read_bytes(), name
    before = (cut / "model.safetensors").read_bytes()
    assert "exists" in regard.fails("train", config, "--out", cut)
    assert (cut / "model.safetensors").read_bytes() == before
    words = ("--set", "training.epochs=1", "--overwrite")
    assert regard("train", config, "--out", cut, *words) == 0
    assert (cut / "model.safetensors").read_bytes() != before


def test_a_baseline_is_shown_by_length(dates: Path, tmp_path: Path, regard: Regard) -> None:
    config = tmp_path / "dates.json"
    config.write_text(json.dumps(DATES), encoding="utf-8")
    before = tmp_path / "before"
    shutil.copytree(dates, before)
    figures = json.loads((before / "metrics.json").read_text(encoding="utf-8"))
    for row in figures["by_length"]:
        row["bleu"] = 12.5  # unlike those of the same model
    (before / "metrics.json").write_text(json.dumps(figures), encoding="utf-8")
    short = ["--set", "training.epochs=1"]
    assert regard("train", config, "--baseline", before, "--out", tmp_path / "run", *short) == 0
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["by_length_without"] == figures["by_length"] != metrics["by_length"]
    assert metrics["baseline"] == "before"
    assert "The dashed line is the model before." in (tmp_path / "run" / "report.html").read_text(
        encoding="utf-8"
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (["data.cases=80"], "has another data.cases, so that its lengths differ"),
        (["seed=3"], "has another seed, so that its lengths differ"),
        (["model.vocabulary=50"], "has another model.vocabulary, so that its lengths differ"),
    ],
)
def test_a_baseline_of_other_cases_is_refused(
    changes: list[str], said: str, dates: Path, tmp_path: Path, regard: Regard
) -> None:
    config = tmp_path / "dates.json"
    config.write_text(json.dumps(DATES), encoding="utf-8")
    changed = [word for change in changes for word in ("--set", change)]
    found = regard.fails("train", config, "--baseline", dates, "--out", tmp_path / "out", *changed)
    assert found.endswith(f"--baseline: {dates} {said}")
    assert not (tmp_path / "out").exists()


def test_a_baseline_is_of_tasks_with_lengths(
    series_run: Path, tmp_path: Path, regard: Regard
) -> None:
    config = tmp_path / "tiny.json"
    config.write_text(json.dumps(TINY), encoding="utf-8")
    found = regard.fails("train", config, "--baseline", series_run, "--out", tmp_path / "out")
    assert found.endswith("--baseline: the task classify has no figures by length")


def test_compare_shows_none_beside_the_others(tmp_path: Path) -> None:
    short = {**DATES, "training": {**TRAINING, "epochs": 1}}
    found = jobs.compare(short, ["none", "additive"], tmp_path / "out", seeds=1)
    none, additive = (each.metrics for each in found.trained)
    assert "by_length_without" not in none
    assert additive["by_length_without"] == none["by_length"]
    assert additive["baseline"] == "without attention"
