"""Summaries: names that are copied, and e-mails to subjects, beside the first sentence."""

import gzip
import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.table import Row
from regard import Summarizer
from regard.config import read_config
from regard.inputs.text.sentences import sentence_spans
from regard.jobs import train
from regard.outputs.tokens.summary_metrics import rouge

__all__ = ["run"]

_EXAMPLES = Path(__file__).parent.parent / "examples"
_NAMES = ("ROUGE-1", "ROUGE-2", "ROUGE-L")
_PEOPLE = ("ann0", "ann1", "ann2")  # subjects that people wrote for the e-mails of the test part


def run(*, quick: bool = False) -> list[Row]:
    """Requests, then e-mails, then those with readers' subjects to train on; quick: one epoch."""
    return [_requests(quick), *_subjects(quick), _readers(quick)]


def _requests(quick: bool) -> Row:
    config = read_config(_EXAMPLES / "requests.json", {"training.epochs": "1"} if quick else {})
    with tempfile.TemporaryDirectory() as folder:
        found = train(config, Path(folder) / "run")
    share = float(found.get("beyond_written", 0.0))
    return Row(
        "requests, names never seen that are copied",
        f"first sentence: ROUGE-L {found['lead_rouge_l']:.1f}",
        "≥ .99",
        f"{share:.4f}; exact subjects {found['exact_match']:.4f} in {found['fit_seconds']:.0f} s",
        share >= 0.99,
    )


def _subjects(quick: bool) -> list[Row]:
    config = read_config(_EXAMPLES / "subjects.json", {"training.epochs": "1"} if quick else {})
    start = perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        figures = train(config, Path(folder) / "run")
        minutes = (perf_counter() - start) / 60
        model = Summarizer.load(Path(folder) / "run")
    mails = _mails("test")
    texts = [each["text"] for each in mails]
    first = [text[slice(*sentence_spans(text)[0])] for text in texts]
    ours, lead = (_by_people(mails, each) for each in (model.predict(texts), first))
    rows = [
        Row(
            f"e-mails to subjects, {name}, mean over three people",
            f"first sentence {lead[at]:.1f}",
            f"> {lead[at]:.1f}",
            f"{ours[at]:.1f}",
            bool(ours[at] > lead[at]),
        )
        for at, name in enumerate(_NAMES)
    ]
    own, beside = (
        "/".join(f"{figures[f'{of}rouge_{kind}']:.1f}" for kind in "12l") for of in ("", "lead_")
    )
    copied = f"{figures['beyond_written']:.3f} of {figures['beyond']} new words copied"
    said = f"{own}; {copied}; {minutes:.0f} min"
    return [*rows, Row("the same, against the true subjects", f"first sentence {beside}", "", said)]


def _readers(quick: bool) -> Row:
    """Trained on the subjects that people wrote for most of the validation part as well.

    The first word of a text says whose subject it has: its author's or a reader's.
    """
    held = _mails("valid")
    most = round(0.85 * len(held))
    pairs = [("author", mail, mail["subject"]) for mail in _mails("train")]
    pairs += [("reader", mail, mail[person]) for mail in held[:most] for person in _PEOPLE]
    test = _mails("test")
    parts = {
        "path": pairs,
        "validation_path": [("reader", mail, mail["ann0"]) for mail in held[most:]],
        "test_path": [("reader", mail, mail["ann0"]) for mail in test],
    }
    with tempfile.TemporaryDirectory() as folder:
        given = {"training.epochs": "1"} if quick else {}
        for field, rows in parts.items():
            path = Path(folder) / f"{field}.jsonl"
            path.write_text("".join(f"{_line(*row)}\n" for row in rows if row[2].strip()))
            given[f"data.{field}"] = str(path)
        train(read_config(_EXAMPLES / "subjects.json", given), Path(folder) / "run")
        model = Summarizer.load(Path(folder) / "run")
    ours = _by_people(test, model.predict([f"reader : {mail['text']}" for mail in test]))
    return Row(
        "e-mails to subjects, trained on readers' subjects too, ROUGE-1/2/L",
        "",
        "",
        "/".join(f"{value:.1f}" for value in ours),
    )


def _line(whose: str, mail: Any, subject: str) -> str:
    return json.dumps({"text": f"{whose} : {mail['text']}", "subject": subject})


def _mails(part: str) -> list[Any]:
    path = Path(os.environ["REGARD_DATA"], "summarisation", "aeslc", f"{part}.jsonl.gz")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def _by_people(mails: Sequence[Any], texts: Sequence[str]) -> NDArray[np.float64]:
    """[3] ROUGE-1, ROUGE-2 and ROUGE-L, the mean over the subjects of each person."""
    each = [rouge(texts, [mail[person] for mail in mails]).mean(0) for person in _PEOPLE]
    return np.asarray(np.mean(each, 0))
