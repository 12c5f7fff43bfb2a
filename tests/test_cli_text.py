"""The command line on texts: the jobs end to end, and one clear line for what goes wrong."""

import csv
import html
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lightning.pytorch import LightningModule, Trainer

from commands import TINY, Regard
from regard import jobs
from regard.config import resolve_config
from regard.estimators import TextClassifier
from regard.runs import partial_folder, read_run
from regard.training.callbacks import Checkpoint
from reports import whole_reports

FILES = {
    "config.json",
    "model.safetensors",
    "preprocess.json",
    "tokenizer.json",
    "metrics.json",
    "history.csv",
    "scores.csv",
    "report.html",
    "README.md",
}
MODEL = {"encoder": "gru", "pooling": "attention", "hidden": 8, "embedding_dim": 8, "ngrams": False}
TRAINING = {"epochs": 2, "updates_per_epoch": 2, "device": "cpu"}
FILLER = ("the", "film", "is", "a", "so", "it", "café", "plot", "long")


def _rows(cases: int = 40) -> list[dict[str, str]]:
    """Texts that all differ."""
    generator = np.random.default_rng(0)
    rows = []
    for n in range(cases):
        word = ("good", "bad")[n % 2]
        filler = " ".join(generator.choice(FILLER, 5))
        rows.append({"text": f"{filler}, {word} {n}.", "label": ("up", "down")[n % 2]})
    return rows


def _write(path: Path, rows: list[dict[str, Any]], encoding: str = "utf-8") -> Path:
    """A file of the kind that its name says."""
    if path.suffix == ".parquet":
        import polars as pl

        pl.DataFrame(rows).write_parquet(path)
        return path
    with path.open("w", encoding=encoding, newline="") as file:
        if path.suffix == ".jsonl":
            file.writelines(json.dumps(row) + "\n" for row in rows)
        elif path.suffix == ".txt":
            file.writelines(f"{row.get('label', '')} {row['text']}".strip() + "\n" for row in rows)
        else:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    return path


def _settings(path: Path, **changes: Any) -> dict[str, Any]:
    data = {"kind": "lines" if path.suffix == ".txt" else "table", "path": str(path)}
    content: dict[str, Any] = {
        "task": "classify-text",
        "data": data,
        "model": dict(MODEL),
        "training": dict(TRAINING),
    }
    for section, own in changes.items():
        content[section] = content[section] | own if isinstance(own, dict) else own
    return content


def _config(folder: Path, path: Path, **changes: Any) -> Path:
    file = folder / "texts.json"
    file.write_text(json.dumps(_settings(path, **changes)))
    return file


def _table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("texts")
    out = folder / "run"
    jobs.train(_settings(_write(folder / "texts.csv", _rows())), out)
    return out


@pytest.fixture(scope="module")
def lines_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lines")
    out = folder / "run"
    jobs.train(_settings(_write(folder / "texts.txt", _rows())), out)
    return out


@pytest.fixture(scope="module")
def series_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("series") / "waves"
    jobs.train({**TINY, "training": {**TINY["training"], "epochs": 1}}, out)
    return out


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    return lambda lines: monkeypatch.setattr(sys, "stdin", io.StringIO(lines))


# Training.


@pytest.mark.parametrize("suffix", ["csv", "parquet", "jsonl", "txt"])
def test_train_on_every_kind_of_file(regard: Regard, tmp_path: Path, suffix: str) -> None:
    source = _write(tmp_path / f"texts.{suffix}", _rows())
    out = tmp_path / "out"
    assert regard("train", _config(tmp_path, source), "--out", out) == 0
    assert {file.name for file in out.iterdir()} == FILES
    opened = read_run(out)
    assert opened.metrics["cases"] == 8
    assert opened.metrics["vocabulary"] == json.loads((out / "tokenizer.json").read_text())[
        "model"
    ]["vocab"].__len__()  # fmt: skip
    assert f"accuracy             {opened.metrics['accuracy']:.4f}" in regard.out
    known = ("the probabilities are not calibrated", "always predicting")
    assert all(note.startswith(known) for note in opened.metrics["notes"])
    # The figures are those of the saved model on the test part.
    test = jobs.load_parts(opened.config).test
    loaded = TextClassifier.load(out)
    assert opened.metrics["accuracy"] == pytest.approx(loaded.score(test, test.labels))
    assert "regard" in (out / "report.html").read_text()


def test_columns_of_other_names_and_a_test_file(regard: Regard, tmp_path: Path) -> None:
    rows = [
        {"id": n, "review": row["text"], "stars": row["label"]} for n, row in enumerate(_rows())
    ]
    source, test = _write(tmp_path / "a.csv", rows[:30]), _write(tmp_path / "b.csv", rows[30:])
    data = {"text": "review", "label": "stars", "test_path": str(test)}
    out = tmp_path / "out"
    assert regard("train", _config(tmp_path, source, data=data), "--out", out) == 0
    assert read_run(out).metrics["cases"] == 10
    assert regard("predict", out, test, "--out", tmp_path / "p.csv") == 0
    assert [row["true"] for row in _table(tmp_path / "p.csv")] == [r["stars"] for r in rows[30:]]


def test_show(regard: Regard, run: Path) -> None:
    assert regard("show", run) == 0
    assert '"task": "classify-text"' in regard.out
    assert '"max_tokens": 512' in regard.out
    assert "vocabulary" in regard.out
    assert "accuracy" in regard.out


def test_texts_in_both_parts_are_counted(regard: Regard, tmp_path: Path) -> None:
    rows = _rows()
    source = _write(tmp_path / "a.csv", rows)
    shared = [{**row, "text": f"  {row['text']} "} for row in rows[:3]]
    test = _write(tmp_path / "b.csv", [*shared, {"text": "a new one", "label": "up"}])
    out = tmp_path / "out"
    data = {"test_path": str(test)}
    assert regard("train", _config(tmp_path, source, data=data), "--out", out) == 0
    said = (
        "3 of 4 texts of the test part also occur in the training part: the metrics are too "
        "optimistic"
    )
    assert f"note: {said}\n" in regard.out
    assert json.loads((out / "metrics.json").read_text())["notes"][0] == said
    assert "3 of 4 texts" in (out / "report.html").read_text()
    assert regard("show", out) == 0
    assert f"note: {said}\n" in regard.out


def test_texts_of_the_validation_part_are_counted_too(tmp_path: Path) -> None:
    rows = [{"text": f"a {('good', 'bad')[n % 2]} film", "label": str(n % 2)} for n in range(40)]
    source = _write(tmp_path / "a.csv", rows)
    config = _settings(source, data={"validation_share": 0.25, "test_share": 0.25})
    notes = jobs.train(config, tmp_path / "out")["notes"]
    assert [note.split(" also occur")[0] for note in notes[:2]] == [
        "10 of 10 texts of the test part",
        "10 of 10 texts of the validation part",
    ]


def test_texts_that_are_cut_are_noted(regard: Regard, run: Path, tmp_path: Path) -> None:
    source = _write(tmp_path / "a.csv", _rows())
    out = tmp_path / "out"
    config = _config(tmp_path, source, data={"max_tokens": 4})
    assert regard("train", config, "--out", out) == 0
    assert "note: 32 of 32 training texts are truncated to 4 tokens (max_tokens)" in regard.out
    assert regard("predict", out, source, "--out", tmp_path / "p.csv") == 0
    assert ", 40 truncated to 4 tokens: " in regard.out
    assert regard("predict", run, source, "--out", tmp_path / "q.csv") == 0
    assert "truncated" not in regard.out.split(":")[0]


def test_texts_of_one_token_are_said_to_be_truncated_once(regard: Regard, tmp_path: Path) -> None:
    source = _write(tmp_path / "a.csv", _rows(24))
    out = tmp_path / "out"
    config = _config(tmp_path, source, data={"max_tokens": 1, "test_share": 0.25})
    assert regard("train", config, "--out", out) == 0
    assert "note: 18 of 18 training texts are truncated to 1 token (max_tokens)\n" in regard.out
    assert (regard.out + regard.err).count("truncated") == 1
    assert regard("predict", out, source, "--out", tmp_path / "p.csv") == 0
    assert ", 24 truncated to 1 token: " in regard.out
    assert (regard.out + regard.err).count("truncated") == 1
    # What has one word is whole.
    words = _write(tmp_path / "b.csv", [{"text": word} for word in FILLER])
    assert regard("predict", out, words, "--out", tmp_path / "q.csv") == 0
    assert "truncated" not in regard.out + regard.err


# Predicting and explaining.


@pytest.mark.parametrize("suffix", ["csv", "parquet", "jsonl"])
def test_predict_with_labels_and_without(
    regard: Regard, run: Path, tmp_path: Path, suffix: str
) -> None:
    rows = [*_rows(5), {"text": "Xyzzy qwrt", "label": "up"}]
    labelled = _write(tmp_path / f"a.{suffix}", rows)
    plain = _write(tmp_path / f"b.{suffix}", [{"text": row["text"]} for row in rows])
    assert regard("predict", run, labelled, "--out", tmp_path / "a_out.csv") == 0
    said = regard.out
    assert regard("predict", run, plain, "--out", tmp_path / "b_out.csv") == 0
    assert regard.out.startswith("6 predictions, 1 without a known word: ")
    assert regard("predict", run, labelled, "--unlabelled", "--out", tmp_path / "c_out.csv") == 0
    found, bare = _table(tmp_path / "a_out.csv"), _table(tmp_path / "b_out.csv")
    assert _table(tmp_path / "c_out.csv") == bare
    assert list(found[0]) == [
        *("case", "label", "true", "probability down", "probability up"),
        *("known words", "most weight"),
    ]
    assert [{**row, "true": own["label"]} for row, own in zip(bare, rows, strict=True)] == found
    right = sum(row["label"] == row["true"] for row in found)
    assert said.startswith(f"6 predictions, {right} right, 1 without a known word: ")
    model = TextClassifier.load(run)
    texts = [row["text"] for row in rows]
    for row, shares, words, weights in zip(
        found, model.predict_proba(texts), model.words(texts), model.attend(texts), strict=True
    ):
        shown = [float(row["probability down"]), float(row["probability up"])]
        assert shown == pytest.approx(shares.tolist(), abs=1e-6)
        sums = dict.fromkeys(words, 0.0)
        for word, weight in zip(words, weights, strict=True):
            sums[word] += weight
        assert row["most weight"] == " ".join(sorted(sums, key=lambda word: -sums[word])[:3])
    assert [row["known words"] == "0" for row in found] == [False] * 5 + [True]


def test_with_ngrams_a_word_counts_by_what_it_says(regard: Regard, tmp_path: Path) -> None:
    rows = _rows()
    source, out = _write(tmp_path / "a.csv", rows), tmp_path / "out"
    assert regard("train", _config(tmp_path, source, model={"ngrams": True}), "--out", out) == 0
    assert regard("predict", out, source, "--out", tmp_path / "p.csv") == 0
    model = TextClassifier.load(out)
    texts = [row["text"] for row in rows]
    for row, words, evidence in zip(
        _table(tmp_path / "p.csv"), model.words(texts), model.evidence(texts), strict=True
    ):
        own = evidence[model.classes_.tolist().index(row["label"])]
        sums = dict.fromkeys(words, 0.0)
        for word, share in zip(words, own.clip(min=0), strict=True):
            sums[word] += share
        assert row["most weight"].split()[0] == max(sums, key=lambda word: sums[word])
    assert "share of the evidence for the predicted class" in (out / "report.html").read_text()


def test_an_empty_column_of_labels_is_none(regard: Regard, run: Path, tmp_path: Path) -> None:
    source = _write(tmp_path / "a.csv", [{"text": "a film", "label": ""}] * 2)
    assert regard("predict", run, source, "--out", tmp_path / "p.csv") == 0
    assert "true" not in _table(tmp_path / "p.csv")[0]


def test_a_label_that_is_missing_is_not_counted(regard: Regard, run: Path, tmp_path: Path) -> None:
    rows = [*_rows(3), {"text": "a good film", "label": ""}]
    source, out = _write(tmp_path / "a.csv", rows), tmp_path / "p.csv"
    assert regard("predict", run, source, "--out", out) == 0
    found = _table(out)
    assert [row["true"] for row in found] == ["up", "down", "up", ""]
    right = sum(row["label"] == row["true"] for row in found)
    assert regard.out.startswith(f"4 predictions, {right} right, 1 without a label: ")
    assert regard("explain", run, source, "--case", "3", "--out", tmp_path / "c.html") == 0
    assert "true" not in regard.out


@pytest.mark.parametrize("suffix", ["csv", "parquet", "jsonl", "txt"])
def test_rows_that_cannot_be_predicted_get_no_answer(
    regard: Regard, run: Path, lines_run: Path, tmp_path: Path, suffix: str
) -> None:
    rows: list[dict[str, Any]] = [dict(row) for row in _rows(5)]
    filled = _write(tmp_path / f"filled.{suffix}", [rows[1], rows[3]])
    rows[0]["text"] = rows[2]["text"] = rows[4]["text"] = ""
    rows[2]["text"] = None if suffix in ("parquet", "jsonl") else "  "
    source = _write(tmp_path / f"a.{suffix}", rows)
    run = lines_run if suffix == "txt" else run
    assert regard("predict", run, filled, "--out", tmp_path / "b.csv") == 0
    assert regard("predict", run, source, "--out", tmp_path / "p.csv") == 0
    assert regard.out.startswith("2 predictions, ")
    assert ", 3 without a text: " in regard.out
    found, expected = _table(tmp_path / "p.csv"), _table(tmp_path / "b.csv")
    assert found[1::2] == [{**row, "case": case} for row, case in zip(expected, "13", strict=True)]
    blank = dict.fromkeys(found[0], "")
    assert found[::2] == [blank | {"case": case} for case in "024"]
    said = regard.fails("explain", run, source, "--case", "2", "--out", tmp_path / "c.html")
    assert said.endswith(f"a.{suffix}: cases without a text cannot be drawn, such as 2")
    assert regard("explain", run, source, "--out", tmp_path / "c.html") == 0
    assert regard.out.startswith("case 1: ")
    assert regard("explain", run, source, "--all", "--out", tmp_path / "all") == 0
    assert regard.out.startswith("2 pictures, 3 without a text: ")
    names = {each.name for each in (tmp_path / "all").iterdir()}
    assert names == {"index.html", "1.png", "3.png"}


def test_blank_rows_of_new_texts_keep_their_place(
    regard: Regard, run: Path, tmp_path: Path
) -> None:
    source, out = tmp_path / "a.csv", tmp_path / "p.csv"
    source.write_text("text\n\na good film\n\nso bad\n\n")
    assert regard("predict", run, source, "--out", out) == 0
    found = _table(out)
    assert [row["case"] for row in found if row["label"]] == ["1", "3"]
    assert [row["case"] for row in found] == ["0", "1", "2", "3"]


def test_a_file_without_any_text_is_refused(regard: Regard, run: Path, tmp_path: Path) -> None:
    source = _write(tmp_path / "a.csv", [{"text": "", "label": "up"}] * 4)
    said = regard.fails("predict", run, source, "--out", tmp_path / "p.csv")
    assert said.endswith("a.csv: none of its cases can be predicted: 4 without a text")


def test_rows_are_skipped_in_training_and_counted(regard: Regard, tmp_path: Path) -> None:
    rows = _rows()
    rows[3]["text"], rows[7]["label"], rows[8]["label"] = "", "", "nan"
    source, out = _write(tmp_path / "a.csv", rows), tmp_path / "out"
    config = _config(tmp_path, source)
    said = regard.fails("train", config, "--out", out)
    assert said.endswith(
        "a.csv, row 5, column 'text': the text is missing; row 9, column 'label': the label is "
        'missing; also row 10, column \'label\'; set "missing": "skip" in "data"'
    )
    assert regard("train", config, "--out", out, "--set", "data.missing=skip") == 0
    notes = [
        "1 of 40 cases is left out: no text (row 5, column 'text')",
        "2 of 40 cases are left out: no label (row 9, column 'label'; row 10, column 'label')",
    ]
    assert read_run(out).metrics["notes"][:2] == notes
    for note in notes:
        assert f"note: {note}\n" in regard.out
        assert note in html.unescape((out / "report.html").read_text())
    parts = jobs.load_parts(read_run(out).config)
    assert len(parts.train) + len(parts.test) == 37
    assert set(parts.train.ids) | set(parts.test.ids) == set(range(40)) - {3, 7, 8}


def test_what_is_left_out_of_a_test_file_is_said(tmp_path: Path) -> None:
    rows = _rows()
    rows[3]["text"] = rows[35]["text"] = rows[36]["text"] = ""
    source, test = _write(tmp_path / "a.csv", rows[:30]), _write(tmp_path / "b.csv", rows[30:])
    data = {"test_path": str(test), "missing": "skip"}
    assert jobs.load_parts(resolve_config(_settings(source, data=data))).notes[:2] == (
        "1 of 30 cases is left out: no text (row 5, column 'text')",
        "test file: 2 of 10 cases are left out: no text (row 7, column 'text'; row 8, column "
        "'text')",
    )


def test_ids_are_carried_everywhere(regard: Regard, tmp_path: Path) -> None:
    rows = [{"ticket": f"T-{n:03}", **row} for n, row in enumerate(_rows(), start=100)]
    rows[5]["text"] = ""
    source, out = _write(tmp_path / "a.csv", rows), tmp_path / "out"
    config = _config(tmp_path, source, data={"id": "ticket", "missing": "skip"})
    with whole_reports():
        assert regard("train", config, "--out", out) == 0
    test = jobs.load_parts(read_run(out).config).test
    report = (out / "report.html").read_text()
    assert sum(f"{name}" in report for name in test.ids) >= 2
    assert regard("predict", out, source, "--out", tmp_path / "p.csv") == 0
    assert [row["case"] for row in _table(tmp_path / "p.csv")] == [row["ticket"] for row in rows]
    assert _table(tmp_path / "p.csv")[5]["label"] == ""
    picture = ("--out", tmp_path / "c.html")
    assert regard("explain", out, source, "--case", "T-107", *picture) == 0
    assert regard.out.startswith("case T-107: ")
    assert "T-107" in (tmp_path / "c.html").read_text()
    said = regard.fails("explain", out, source, "--case", "7", "--out", tmp_path / "d.html")
    assert "has no case 7; its cases are T-100, T-101, T-102, ..., T-139" in said
    twice = _write(tmp_path / "twice.csv", [{**row, "ticket": "T-1"} for row in rows[:2]])
    said = regard.fails("explain", out, twice, "--case", "T-1", "--out", tmp_path / "d.html")
    assert "twice.csv: 2 cases are called T-1; make their names unique" in said
    plain = _write(tmp_path / "b.csv", _rows(3))
    said = regard.fails("predict", out, plain, "--out", tmp_path / "q.csv")
    assert "b.csv has no column 'ticket' (id); there are text, label" in said


def test_several_columns_are_read_as_one_text(regard: Regard, tmp_path: Path) -> None:
    rows = [{"title": "Plot", "body": row["text"], "label": row["label"]} for row in _rows()]
    rows[0]["title"] = rows[2]["body"] = ""
    source, out = _write(tmp_path / "a.csv", rows), tmp_path / "out"
    config = _config(tmp_path, source, data={"text": ["title", "body"]})
    assert regard("train", config, "--out", out) == 0
    assert regard("predict", out, source, "--out", tmp_path / "p.csv") == 0
    texts = ["\n".join(filter(None, (row["title"], row["body"]))) for row in rows]
    labels = TextClassifier.load(out).predict(texts).tolist()
    assert [row["label"] for row in _table(tmp_path / "p.csv")] == labels
    assert regard("explain", out, source, "--out", tmp_path / "c.html") == 0


def test_predict_lines(regard: Regard, lines_run: Path, tmp_path: Path) -> None:
    rows = _rows(4)
    labelled = _write(tmp_path / "a.txt", rows)
    plain = _write(tmp_path / "b.txt", [{"text": row["text"]} for row in rows])
    assert regard("predict", lines_run, labelled, "--out", tmp_path / "a.csv") == 0
    found = _table(tmp_path / "a.csv")
    assert [row["true"] for row in found] == [row["label"] for row in rows]
    assert regard("predict", lines_run, plain, "--unlabelled", "--out", tmp_path / "b.csv") == 0
    assert [row["label"] for row in _table(tmp_path / "b.csv")] == [row["label"] for row in found]
    said = regard.fails("predict", lines_run, plain, "--out", tmp_path / "c.csv")
    assert "b.txt: none of its labels is a class of the run (" in said
    assert said.endswith("; use --labelled or --unlabelled")


def test_a_run_of_a_table_takes_lines(regard: Regard, run: Path, tmp_path: Path) -> None:
    source = _write(tmp_path / "a.txt", [{"text": row["text"]} for row in _rows(3)])
    assert regard("predict", run, source, "--out", tmp_path / "p.csv") == 0
    assert len(_table(tmp_path / "p.csv")) == 3


def test_a_run_saved_from_python_predicts(regard: Regard, tmp_path: Path) -> None:
    rows = _rows(12)
    texts = [row["text"] for row in rows]
    model = TextClassifier(**MODEL, **TRAINING, random_state=0)
    model.fit(texts, [row["label"] for row in rows]).save(tmp_path / "run")
    source = _write(tmp_path / "a.csv", rows)
    assert regard("predict", tmp_path / "run", source, "--out", tmp_path / "p.csv") == 0
    shown = [row["label"] for row in _table(tmp_path / "p.csv")]
    assert shown == model.predict(texts).tolist()
    said = regard.fails("train", tmp_path / "run" / "config.json", "--out", tmp_path / "again")
    assert "arrays come from Python; train on a file" in said


@pytest.mark.parametrize("pooling", ["attention", "hierarchical", "conjunctive"])
@pytest.mark.parametrize(
    ("suffix", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("html", b"<!doctype html>")]
)
def test_explain(
    regard: Regard, tmp_path: Path, pooling: str, suffix: str, start: bytes, run: Path
) -> None:
    source = _write(tmp_path / "a.csv", _rows())
    if pooling != "attention":
        run = tmp_path / "run"
        short = {"epochs": 1, "updates_per_epoch": 1}
        jobs.train(_settings(source, model={"pooling": pooling}, training=short), run)
    out = tmp_path / f"case.{suffix}"
    assert regard("explain", run, source, "--case", "3", "--out", out) == 0
    assert out.read_bytes().lower().startswith(start.lower())
    assert regard.out.startswith("case 3: ")
    if suffix == "html":
        assert "bad" in out.read_text()


def test_markup_in_a_text_stays_text(regard: Regard, run: Path, tmp_path: Path) -> None:
    text = "<script>alert(1)</script> [bold]a $film$ & more[/bold]"
    source = _write(tmp_path / "a.csv", [{"text": text}])
    assert regard("explain", run, source, "--case", "0", "--out", tmp_path / "case.html") == 0
    assert "<script>alert" not in (tmp_path / "case.html").read_text()
    assert regard("explain", run, source, "--case", "0", "--out", tmp_path / "case.svg") == 0
    assert regard("predict", run, "--text", text) == 0
    assert "[bold]" in regard.out.replace("\n", "")


# Asking.


def test_one_text(regard: Regard, run: Path) -> None:
    text = "so good, a film"
    assert regard("predict", run, "--text", text) == 0
    model = TextClassifier.load(run)
    probabilities = model.predict_proba([text])[0]
    label, share = model.classes_[probabilities.argmax()], probabilities.max()
    assert regard.out.splitlines()[0] == f"{label} ({share:.3f})"
    assert f"then {model.classes_[probabilities.argmin()]} ({1 - share:.3f})" in regard.out
    assert "guess" not in regard.out
    assert regard("predict", run, "--text", "Xyzzy qwrt") == 0
    assert "no word of the text is in the vocabulary: this is a guess" in regard.out


def test_texts_are_answered_line_by_line(
    regard: Regard, run: Path, typed: Callable[[str], None]
) -> None:
    typed("so good\n\n   \nso bad, it is\nXyzzy")
    assert regard("predict", run) == 0
    assert regard.err == ""
    assert "text>" not in regard.out  # nobody is there to be asked
    answers = [line for line in regard.out.splitlines() if line.startswith(("up (", "down ("))]
    assert len(answers) == 3
    assert regard.out.count("this is a guess") == 1
    typed("")
    assert regard("predict", run) == 0
    assert regard.out == ""


def test_a_line_that_is_no_text_is_one_line(
    regard: Regard, run: Path, typed: Callable[[str], None]
) -> None:
    typed("so \udcff good\n")
    assert regard("predict", run) == 0  # the next line may be right
    assert "an unpaired surrogate" in regard.err
    assert len(regard.err.strip().splitlines()) == 1


# Comparing and resuming.


def test_compare(regard: Regard, tmp_path: Path) -> None:
    source = _write(tmp_path / "a.csv", _rows())
    out = tmp_path / "out"
    words = ("--attention", "none,additive", "--seeds", "1")
    assert regard("compare", _config(tmp_path, source), "--out", out, *words) == 0
    heading, none, additive = regard.out.splitlines()[:3]
    assert " ".join(heading.split()) == (
        "attention F1 lowest F1 accuracy to the best differs fit seconds parameters seeds"
    )
    assert (none.split()[0], additive.split()[0]) == ("none", "additive")
    assert read_run(out / "none-seed0").config.model.attention.score == "none"
    rows = _table(out / "compare.csv")
    for row in rows:
        assert float(row["f1"]) == read_run(out / f"{row['attention']}-seed0").metrics["f1"]


def test_a_run_that_was_cut_off_is_resumed_to_the_same_end(
    regard: Regard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, updates_before: list[int]
) -> None:
    source = _write(tmp_path / "a.csv", _rows())
    config = _config(tmp_path, source, training={"epochs": 5}, data={"validation_share": 0.2})
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    assert regard("train", config, "--out", whole) == 0
    save = Checkpoint.on_train_epoch_end

    def end(self: Checkpoint, trainer: Trainer, pl_module: LightningModule) -> None:
        save(self, trainer, pl_module)
        if trainer.current_epoch in (1, 2):
            raise KeyboardInterrupt

    monkeypatch.setattr(Checkpoint, "on_train_epoch_end", end)
    assert regard("train", config, "--out", cut) == 130
    assert regard.err.strip() == (
        f"interrupted; continue with: regard train {config} --out {cut} --resume"
    )
    assert not cut.exists()
    assert "training was interrupted" in regard.fails("train", config, "--out", cut)
    assert regard("train", config, "--out", cut, "--resume") == 130
    monkeypatch.undo()
    assert regard("train", config, "--out", cut, "--resume") == 0
    assert updates_before[-1] > 0
    for name in ("history.csv", "model.safetensors", "tokenizer.json", "preprocess.json"):
        assert (cut / name).read_bytes() == (whole / name).read_bytes(), name
    figures = [dict(read_run(out).metrics) for out in (whole, cut)]
    assert {**figures[0], "fit_seconds": 0} == {**figures[1], "fit_seconds": 0}
    assert not partial_folder(cut).exists()


# What goes wrong: one line, exit code 2, nothing written.


def _spoiled(**own: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [dict(row) for row in _rows(12)]
    rows[4] |= own
    return rows


def _only(label: str) -> list[dict[str, Any]]:
    return [{**row, "label": label} for row in _rows(12)]


@pytest.mark.parametrize(
    ("rows", "suffix", "expected"),
    [
        (_spoiled(text=""), "csv", "a.csv, row 6, column 'text': the text is missing"),
        (_spoiled(text="  "), "csv", "a.csv, row 6, column 'text': the text is missing"),
        (_spoiled(text=None), "jsonl", "a.jsonl, line 5, 'text': the text is missing"),
        (_spoiled(text=7), "jsonl", "a.jsonl, line 5, 'text': wanted text, given int"),
        (_spoiled(label=""), "csv", "a.csv, row 6, column 'label': the label is missing"),
        (_spoiled(label=None), "parquet", "a.parquet, row 5, column 'label': the label is missing"),
        (_spoiled(label="rare"), "csv", "a.csv: class rare has only one case; it needs at least"),
        (_spoiled(label="rare"), "txt", "a.txt: class rare has only one case; it needs at least"),
        (_only("same"), "csv", "a.csv: has only one class, same; classify needs at least two"),
        (
            [{**row, "label": 0.5 * (n % 3)} for n, row in enumerate(_rows(12))],
            "csv",
            "a.csv, row 3, column 'label': labels are numbers with fractions (0.5); classify needs",
        ),
        (
            [{**row, "label": 0.5 * (n % 3)} for n, row in enumerate(_rows(12))],
            "parquet",
            "labels are numbers with fractions (0.5); classify needs classes",
        ),
        (
            [{"review": row["text"], "label": row["label"]} for row in _rows(12)],
            "csv",
            "a.csv has no column 'text' (text); choose one of review, label",
        ),
        (
            [{"text": row["text"], "lable": row["label"]} for row in _rows(12)],
            "csv",
            "a.csv has no column 'label' (label); there are text, lable; did you mean 'lable'?",
        ),
        (
            [{"txt": row["text"], "label": row["label"]} for row in _rows(12)],
            "jsonl",
            "a.jsonl has no 'text' (text); there are txt, label; did you mean 'txt'?",
        ),
    ],
)
def test_bad_files(
    regard: Regard, tmp_path: Path, rows: list[dict[str, Any]], suffix: str, expected: str
) -> None:
    source = _write(tmp_path / f"a.{suffix}", rows)
    said = regard.fails("train", _config(tmp_path, source), "--out", tmp_path / "out")
    assert said.startswith("error: ")
    assert expected in said
    assert {file.name for file in tmp_path.iterdir()} == {"texts.json", source.name}


@pytest.mark.parametrize(
    ("content", "suffix", "expected"),
    [
        (None, "csv", "a.csv: there is no such file"),
        (b"", "csv", "a.csv is empty"),
        (b"text,label\n", "csv", "a.csv has a header and no rows"),
        (b'{"text": "a"\n', "jsonl", "a.jsonl, line 1: not JSON"),
        (b'["a", "b"]\n', "jsonl", "a.jsonl, line 1: no object; wanted one a line"),
        (b"up a film\ndown\n", "txt", "a.txt, line 2: the text is missing"),
        (b"PAR1 and then nothing", "parquet", "a.parquet cannot be read as a table"),
        (b'[{"text": "a", "label": "b"}]', "json", "from a file named .jsonl or .ndjson"),
    ],
)
def test_files_that_cannot_be_read(
    regard: Regard, tmp_path: Path, content: bytes | None, suffix: str, expected: str
) -> None:
    source = tmp_path / f"a.{suffix}"
    if content is not None:
        source.write_bytes(content)
    said = regard.fails("train", _config(tmp_path, source), "--out", tmp_path / "out")
    assert expected in said
    assert not (tmp_path / "out").exists()
    assert not partial_folder(tmp_path / "out").exists()


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "txt"])
def test_another_encoding(regard: Regard, run: Path, tmp_path: Path, suffix: str) -> None:
    source = tmp_path / f"a.{suffix}"
    # As JSON has it, an accent would be written in ASCII.
    _write(source, _rows(), encoding="latin-1")
    source.write_bytes(source.read_bytes().replace(b"caf\\u00e9", b"caf\xe9"))
    config, out = _config(tmp_path, source), tmp_path / "out"
    said = regard.fails("train", config, "--out", out)
    assert f"a.{suffix}, row " in said
    assert 'byte 0xe9 is not UTF-8 text; set "encoding": "latin-1" in "data"' in said
    if suffix == "csv":
        assert "is not UTF-8" in regard.fails("predict", run, source, "--out", tmp_path / "p.csv")
    said = regard.fails("train", config, "--out", out, "--set", "data.encoding=latn")
    assert "encoding: no 'latn'; wanted a name such as 'utf-8', 'latin-1' or 'cp1252'" in said
    assert not out.exists()
    assert regard("train", config, "--out", out, "--set", "data.encoding=latin-1") == 0
    assert "café" in json.loads((out / "tokenizer.json").read_text())["model"]["vocab"]
    assert regard("predict", out, source, "--out", tmp_path / "p.csv") == 0


def test_new_texts_in_another_encoding(regard: Regard, run: Path, tmp_path: Path) -> None:
    rows = _rows()
    utf_8, cp1252 = _write(tmp_path / "a.csv", rows), _write(tmp_path / "b.csv", rows, "cp1252")
    assert regard("predict", run, utf_8, "--out", tmp_path / "a_out.csv") == 0
    said = regard.fails("predict", run, cp1252, "--out", tmp_path / "b_out.csv")
    assert said.endswith("byte 0xe9 is not UTF-8 text; use --encoding latin-1")
    words = ("--encoding", "latin-1")
    assert regard("predict", run, cp1252, *words, "--out", tmp_path / "b_out.csv") == 0
    assert (tmp_path / "a_out.csv").read_text() == (tmp_path / "b_out.csv").read_text()
    picture = tmp_path / "c.html"
    assert regard.fails("explain", run, cp1252, "--out", picture).endswith("--encoding latin-1")
    case = next(str(n) for n, row in enumerate(rows) if "café" in row["text"])
    assert regard("explain", run, cp1252, "--case", case, *words, "--out", picture) == 0
    assert "café" in picture.read_text()


def test_files_without_text_have_no_encoding(
    regard: Regard, series_run: Path, tmp_path: Path
) -> None:
    source = tmp_path / "a.npz"
    np.savez(source, X=np.zeros((2, 41)))
    words = ("--encoding", "latin-1", "--out", tmp_path / "p.csv")
    assert "encoding: " in regard.fails("predict", series_run, source, *words)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"data": {"kind": "csv"}}, "texts.json: data.kind: 'csv' is unknown; choose one of table"),
        ({"data": {"text": []}}, "data.text: wanted string, not []"),
        ({"data": {"lable": "x"}}, "data.lable: unknown key; did you mean 'label'?"),
        ({"data": {"tokens": "words"}}, "did you mean 'word'?"),
        ({"model": {"pooling": "hierarchic"}}, "did you mean 'hierarchical'?"),
        ({"model": {"vectors": "no.txt"}}, "no.txt: there is no such file"),
        ({"model": {"vectors": "${NOT_THERE}/v.txt"}}, "environment variable NOT_THERE is not set"),
        ({"training": {"augmentation": "warp"}}, "training.augmentation: unknown key"),
        ({"task": "classify-txt"}, "did you mean 'classify-text'?"),
        ({"data": {"test_share": 0.99}}, "data.test_share 0.99"),
    ],
)
def test_a_wrong_configuration(
    regard: Regard, tmp_path: Path, changes: dict[str, Any], expected: str
) -> None:
    source = _write(tmp_path / "a.csv", _rows(12))
    config = _config(tmp_path, source, **changes)
    assert expected in regard.fails("train", config, "--out", tmp_path / "out")
    assert {file.name for file in tmp_path.iterdir()} == {"texts.json", "a.csv"}


def test_a_label_of_the_test_file_that_training_has_not(regard: Regard, tmp_path: Path) -> None:
    source = _write(tmp_path / "a.csv", _rows(12))
    test = _write(tmp_path / "b.csv", _spoiled(label="sideways"))
    config = _config(tmp_path, source, data={"test_path": str(test)})
    said = regard.fails("train", config, "--out", tmp_path / "out")
    assert "b.csv, case 4: label 'sideways' is not in" in said
    assert not (tmp_path / "out").exists()


def test_predicting_without_a_table_prints_it(regard: Regard, run: Path, tmp_path: Path) -> None:
    source, out = _write(tmp_path / "a.csv", _rows(3)), tmp_path / "p.csv"
    assert regard("predict", run, source, "--out", out) == 0
    assert regard("predict", run, source) == 0
    assert regard.out == out.read_text(encoding="utf-8")
    assert regard.err.startswith("3 predictions, ")


def test_predicting_what_cannot_be(
    regard: Regard, run: Path, series_run: Path, tmp_path: Path, typed: Callable[[str], None]
) -> None:
    typed("so good\n")
    source = _write(tmp_path / "a.csv", _rows(3))
    series = tmp_path / "series.csv"
    series.write_text("0.5,1,2\n1.5,2,3\n")
    out = tmp_path / "p.csv"
    said = regard.fails("predict", series_run)
    assert "was trained to classify" in said
    assert "was trained to classify" in regard.fails("predict", series_run, "--text", "so good")
    assert "there is no such file" in regard.fails("predict", run, tmp_path / "none.csv")
    said = regard.fails("predict", run, source, "--text", "a", "--out", out)
    assert said == "error: --text: is for one text; use it without a file"
    said = regard.fails("predict", run, "--text", "a", "--out", out)
    assert said.endswith(
        f"save the text in a file, as the run reads it, and use: regard predict "
        f"{run} new.txt --out {out}"
    )
    said = regard.fails("predict", run, series, "--out", out)
    assert "series.csv has no column 'text' (text)" in said
    assert regard.fails("predict", series_run, source, "--out", out).startswith("error: ")
    said = regard.fails("predict", tmp_path / "no", "--text", "so good")
    assert said.endswith("no: no such run folder")
    assert "text: is empty; give a text to predict" in regard.fails("predict", run, "--text", " ")
    said = regard.fails("explain", run, source, "--case", "3", "--out", tmp_path / "case.html")
    assert "a.csv: has no case 3; its cases are 0, 1, 2" in said
    assert ".png" in regard.fails(
        "explain", run, source, "--case", "1", "--out", tmp_path / "case.gif"
    )
    out.write_text("mine")
    assert "exists" in regard.fails("predict", run, source, "--out", out)
    assert out.read_text() == "mine"
    assert {file.name for file in tmp_path.iterdir()} == {"a.csv", "series.csv", "p.csv"}
