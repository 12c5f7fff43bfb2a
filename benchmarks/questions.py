"""Questions about stories: bAbI's tasks, 900 questions to train on each, one model a task.

All tasks have the defaults, which were chosen on the validation parts of tasks 1 to 10. Those whose
answers are words of the story are answered a second time, by pointing at them, and the task of
lists by writing them.
"""

import os
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from benchmarks.table import Row
from regard.config import resolve_config
from regard.data import Stories, read_babi
from regard.jobs import train

__all__ = ["run"]

_SOLVED = 0.95  # accuracy of a task
_POINTED = (1, 4, 5)  # tasks whose answers are words of the story
_WRITTEN = (8,)  # whose answers are lists


def run(*, quick: bool = False) -> list[Row]:
    """Every task there is; quick: the first two, one epoch."""
    folder = Path(os.environ["REGARD_DATA"], "question_answering", "babi_en")
    files = sorted(folder.glob("qa*_train.txt"), key=lambda path: int(_number(path)))
    found = [_task(path, quick) for path in files[: 2 if quick else None]]
    mean = float(np.mean([each["accuracy"] for each in found]))
    least = min(each["accuracy"] for each in found if each["task"] == "1")
    looked = [each["pointing_game"] for each in found if each["accuracy"] >= _SOLVED]
    said = [
        f"{each['task']}: {each['accuracy']:.3f} ({each['pointing_game']:.3f}, "
        f"{each['seconds']:.0f} s)"
        for each in found
    ]
    theirs = np.mean([each["linear"] for each in found])
    longest = max(each["seconds"] for each in found)
    return [
        Row(
            f"bAbI, {len(found)} tasks, mean accuracy; each: accuracy (pointing game, seconds)",
            f"logistic regression of the n-grams {theirs:.3f}; end-to-end memory networks, twenty "
            "tasks, .862 (published)",
            "≥ .90; task 1 ≥ .99",
            f"{mean:.4f}; {', '.join(said)}; longest {longest:.0f} s",
            mean >= 0.90 and least >= 0.99,
        ),
        Row(
            f"bAbI, the sentence looked at most in a hop is a supporting one, tasks ≥ {_SOLVED}",
            "",
            "≥ .9 where solved",
            ", ".join(f"{each:.3f}" for each in looked),
            bool(looked) and min(looked) >= 0.9,
        ),
        _short("pointed at", "answer-span", _of(files, _POINTED), quick),
        _short("written", "answer-text", _of(files, _WRITTEN), quick),
    ]


def _of(files: list[Path], tasks: tuple[int, ...]) -> list[Path]:
    return [path for path in files if int(_number(path)) in tasks]


def _short(how: str, task: str, files: list[Path], quick: bool) -> Row:
    """Answers that are short texts, of tasks by their training files."""
    found = [_train(path, task, quick) for path in files[: 1 if quick else None]]
    said = [
        f"{each['task']}: {each['exact_match']:.3f} ({each['pointing_game']:.3f}, "
        f"{each['seconds']:.0f} s)"
        for each in found
    ]
    guess, name = {
        "answer-span": ("the answer to train on that the story names last", "last_exact_match"),
        "answer-text": ("the most frequent answer to train on", "constant_exact_match"),
    }[task]
    return Row(
        f"bAbI, answers {how}: exact match (pointing game, seconds)",
        f"{guess} {', '.join(f'{each[name]:.3f}' for each in found)}",
        f"≥ {_SOLVED} each",
        ", ".join(said),
        min(each["exact_match"] for each in found) >= _SOLVED,
    )


def _number(path: Path) -> str:
    return path.name.removeprefix("qa").partition("_")[0]


def _task(path: Path, quick: bool) -> dict[str, Any]:
    """The figures of a task whose answers are classes, by its training file."""
    test = path.with_name(path.name.replace("train", "test"))
    linear = _linear(*(read_babi(each) for each in (path, test)))
    return {**_train(path, "answer", quick), "linear": linear}


def _train(path: Path, task: str, quick: bool) -> dict[str, Any]:
    """The figures of one training."""
    valid, test = (path.with_name(path.name.replace("train", part)) for part in ("valid", "test"))
    paths = {"path": path, "validation_path": valid, "test_path": test}
    data = {"kind": "babi"} | {name: str(each) for name, each in paths.items()}
    training = {"epochs": 1} if quick else {}
    config = resolve_config({"task": task, "data": data, "training": training})
    start = perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        metrics = train(config, Path(folder) / "run")
    return {**metrics, "task": _number(path), "seconds": perf_counter() - start}


def _linear(training: Stories, test: Stories) -> float:
    """Accuracy of logistic regression of the n-grams of story and question."""
    texts = [
        [" ".join([*story, "?", question]) for story, question in zip(*each, strict=True)]
        for each in ((part.stories, part.questions) for part in (training, test))
    ]
    model = make_pipeline(CountVectorizer(ngram_range=(1, 2)), LogisticRegression(max_iter=1000))
    return float(model.fit(texts[0], training.labels).score(texts[1], test.labels))
