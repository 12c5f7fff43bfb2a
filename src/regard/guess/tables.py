"""The task of a table: pairs, texts, pictures, recordings, panels, or one series a row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from regard.guess.columns import PICTURES, Column, named
from regard.guess.guessed import Guess, refuse
from regard.inputs.sound.files import SUFFIXES as SOUNDS

__all__ = ["guess_table"]

_LABELS = ("label", "class", "target", "category", "species", "state", "y", "kind", "type")
_IDS = ("id", "case", "name", "uuid", "key", "unique_id")
_TIMES = ("ds", "time", "date", "timestamp", "datetime", "month", "year", "day", "step", "t")
_SPLITS = ("split", "part", "subset")
_TEXTS = ("text", "review", "sentence", "description", "message", "comment")
_SOURCES, _TARGETS = ("source", "src", "input"), ("target", "tgt", "output", "translation")
_LONG, _SHORT = ("document", "article", "text"), ("summary", "headline", "highlights")
_SUMMED_UP = 4  # times as many words as its summary has a text


def guess_table(path: str, columns: Sequence[Column], task: str | None, **common: Any) -> Guess:
    """A guess at a table whose first row names the columns.

    Parameters:
        path: of the table.
        columns: with their names.
        task: the task, where the user has said it.
        common: fields that do not depend on the columns, such as `encoding`.

    Raises:
        DataError: nothing is known to do with such columns.
    """
    rest = [each for each in columns if not each.counter]
    for tasks, look in (
        (("classify-image", "caption"), _pictures),
        (("classify-sound", "transcribe"), _recordings),
        (("translate", "summarize"), _pairs),
        (("classify-text",), _texts),
        (("forecast", "classify", "regress"), _in_time),
        (("classify", "regress"), _rows),
    ):
        if task is not None and task not in tasks:
            continue
        found = look(rest, task)
        if found is not None:
            data = {"kind": found.data.pop("kind"), "path": path, **found.data}
            if found.task != "forecast":
                data |= common
            return Guess(found.task, data, found.doubts)
    known = ", ".join(each.name for each in columns[:8])
    asked = "no label or pair of texts, no times, and no numbers with a label,"
    if task is not None:
        asked = f"no columns for the task {task}"
    raise refuse(path, f"found {asked} in {known}")


def _pictures(columns: Sequence[Column], task: str | None) -> Guess | None:
    return _files(columns, task, PICTURES, "picture", ("table", "classify-image", "caption"))


def _recordings(columns: Sequence[Column], task: str | None) -> Guess | None:
    return _files(
        columns, task, SOUNDS, "recording", ("recordings", "classify-sound", "transcribe")
    )


def _files(
    columns: Sequence[Column],
    task: str | None,
    endings: frozenset[str],
    what: str,
    names: tuple[str, str, str],
) -> Guess | None:
    """A table with paths, and a class or a text for each."""
    kind, classify, write = names
    path = next((each for each in columns if each.endings(endings)), None)
    if path is None:
        return None
    others = [each for each in columns if each is not path]
    split = named(others, _SPLITS)
    data: dict[str, Any] = {"kind": kind, what: path.name}
    if split is not None:
        data["split"] = split.name
        others.remove(split)
    label = named(others, _LABELS) or next((each for each in others if each.classes), None)
    text = next((each for each in others if each.text), None)
    if task == write or (task is None and text is not None and label is None):
        chosen = text or named(others, ("caption", "text", "transcript"))
        return None if chosen is None else Guess(write, {**data, "target": chosen.name})
    if label is None:
        return None
    doubts = [f"{label.name!r} is taken as the class; data.label names another column"]
    return Guess(classify, {**data, "label": label.name}, doubts if len(others) > 1 else [])


def _pairs(columns: Sequence[Column], task: str | None) -> Guess | None:
    """Two columns of texts, of which one is written from the other."""
    texts = [each for each in columns if each.words >= 1 and not each.classes and not each.times]
    source = named(texts, _SOURCES) or named(texts, _LONG)
    target = named(texts, _TARGETS) or named(texts, _SHORT)
    by_name = source is not None and target is not None and source is not target
    if not by_name:
        long = [each for each in texts if each.text]
        if len(long) != 2 and not (task and len(texts) >= 2):
            return None
        source, target = [*long, *[each for each in texts if each not in long]][:2]
    assert source is not None
    assert target is not None
    longer = source.words >= _SUMMED_UP * target.words
    chosen = task or ("summarize" if longer else "translate")
    data = {"kind": "table", "source": source.name, "target": target.name}
    doubts = (
        []
        if by_name
        else [
            f"{target.name!r} is written from {source.name!r}; data.source and data.target "
            "say otherwise"
        ]
    )
    if task is None:
        other = "translate" if longer else "summarize"
        doubts.append(f"the task is taken as {chosen}; --task {other} chooses the other")
    return Guess(chosen, data, doubts)


def _texts(columns: Sequence[Column], task: str | None) -> Guess | None:
    texts = [each for each in columns if each.text]
    text = named(texts, _TEXTS) or max(texts, key=lambda each: each.words, default=None)
    if text is None and task is not None:
        words = [each for each in columns if each.words]
        text = max(words, key=lambda each: (each.different, each.words), default=None)
    if text is None:
        return None
    others = [each for each in columns if each is not text]
    label = _label(others)
    if label is None:
        return None
    data: dict[str, Any] = {"kind": "table", "text": text.name, "label": label.name}
    doubts = _of_label(label, others)
    if len(texts) > 1:
        doubts.append(f"{text.name!r} is taken as the text; data.text may name several columns")
    if (case := _id([each for each in others if each is not label])) is not None:
        data["id"] = case.name
    return Guess("classify-text", data, doubts)


def _in_time(columns: Sequence[Column], task: str | None) -> Guess | None:
    """Series along their times: to forecast, or cases with a class in a long table."""
    time = next((each for each in columns if each.times), None)
    if time is None:
        time = named([each for each in columns if each.numbers], _TIMES)
    if time is None:
        return None
    others = [each for each in columns if each is not time]
    repeated = time.different < len(time.filled)
    case = next(
        (each for each in others if repeated and _tells_apart(each, time)),
        None,
    )
    values = [each for each in others if each is not case and each.numbers]
    label = None
    if case is not None:
        own = [each for each in others if each is not case and _constant(each, case)]
        label = named(own, _LABELS) or next((each for each in own if not each.times), None)
        # As many classes as cases are names of these.
        if label is not None and label.different >= case.different:
            label = None
    values = [each for each in values if each is not label]
    if not values:
        return None
    if task in (None, "classify", "regress") and case is not None and label is not None:
        chosen = task or ("classify" if label.classes or not label.numbers else "regress")
        long = {"kind": "table", "case": case.name, "time": time.name, "label": label.name}
        return Guess(
            chosen, long, [f"{label.name!r} is taken as the label; --task forecast ignores it"]
        )
    if task not in (None, "forecast"):
        return None
    data: dict[str, Any] = {"kind": "table", "time": time.name}
    if case is not None:
        data["id"] = case.name
    main = named(values, ("y", "value", "target"))
    targets = [main] if main is not None else values
    data["target"] = targets[0].name if len(targets) == 1 else [each.name for each in targets]
    doubts = []
    if main is None and len(values) > 1:
        doubts.append(f"all {len(values)} columns of numbers are forecast; data.target names fewer")
    return Guess("forecast", data, doubts)


def _rows(columns: Sequence[Column], task: str | None) -> Guess | None:
    """One series a row: columns of numbers are its steps, in their order."""
    values = [each for each in columns if each.numbers or each.lists]
    if not values:
        return None
    label = _label(columns, numbers=True, task=task)
    case = _id([each for each in columns if each is not label])
    steps = [each for each in values if each not in (label, case)]
    if label is None or not steps:
        return None
    left = [each.name for each in columns if each not in (label, case, *steps)]
    chosen = task or ("regress" if label.numbers and not label.classes else "classify")
    data: dict[str, Any] = {"kind": "csv", "label": label.name}
    doubts = _of_label(label, columns)
    if case is not None:
        data["id"] = case.name
    if left:
        data["ignore"] = left
        doubts.append(
            f"{', '.join(left)} left out, as they hold no numbers; data.ignore lists them"
        )
    if task is None and label.numbers:
        other = "classify" if chosen == "regress" else "regress"
        doubts.append(
            f"{label.name!r} holds numbers, taken for {chosen}; --task {other} changes it"
        )
    return Guess(chosen, data, doubts)


def _label(
    columns: Sequence[Column], *, numbers: bool = False, task: str | None = None
) -> Column | None:
    """The column with the label: by its name, then the last or the first with classes."""
    found = named(columns, _LABELS)
    if found is not None and not found.names:
        return found
    ends = [columns[-1], columns[0]] if columns else []
    order = [*ends, *reversed(columns)]
    for kinds in ([each for each in order if not each.numbers], order):
        for each in kinds:
            if each.classes and task != "regress":
                return each
    usable = numbers and columns and columns[-1].numbers and len(columns) > 1
    return found or (columns[-1] if usable else None)


def _of_label(label: Column, columns: Sequence[Column]) -> list[str]:
    others = [each for each in columns if each is not label and each.classes and not each.numbers]
    if not others or label.name.strip().lower() in _LABELS:
        return []
    return [
        f"{label.name!r} is taken as the label; data.label names another, such as "
        f"{others[0].name!r}"
    ]


def _id(columns: Sequence[Column]) -> Column | None:
    """The column with the names of the cases: of texts, or by its name."""
    usable = [each for each in columns if each.names and not each.text]
    texts = [each for each in usable if not each.numbers]
    return (
        named(usable, _IDS)
        or (texts[0] if texts else None)
        or next(
            (each for each in usable if each.name.strip().lower().endswith(("_id", " id"))), None
        )
    )


def _tells_apart(column: Column, time: Column) -> bool:
    """Whether rows of one time have different values of a column, which has several rows each."""
    pairs = len(set(zip(column.cells, time.cells, strict=True)))
    return 1 < column.different < len(column.cells) / 2 and pairs == len(time.cells)


def _constant(column: Column, case: Column) -> bool:
    """Whether a column has one value for each case."""
    return len(set(zip(column.cells, case.cells, strict=True))) == case.different
