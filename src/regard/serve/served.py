"""A run that is served: its estimator, what it says of itself, and its test cases."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from regard.errors import ConfigError, RegardError
from regard.jobs.opening import open_run, options_of, read_cases, usable_of
from regard.jobs.parts import load_parts
from regard.runs import read_audit, read_run
from regard.serve.answers import METHODS
from regard.tasks import TASKS

if TYPE_CHECKING:
    from regard.estimators import AttentionEstimator
    from regard.inference import Inference

__all__ = ["Served", "TestPart", "open_runs"]

_FILES = ("config.json", "preprocess.json", "model.safetensors")
_TEST_CASES = 500
_OWN = ("weights", "attention", "evidence", "heads", "layers")


@dataclass(frozen=True, eq=False)
class TestPart:
    """Test cases to step through.

    Attributes:
        source: what they are, in a few words.
        cases: as the input has them; None where there are none.
        rows: what was predicted for each, and how sure and how right it is.
        left: how many more there are.
    """

    __test__ = False  # for pytest

    source: str
    cases: Any = None
    rows: Sequence[Mapping[str, Any]] = ()
    left: int = 0


class Served:
    """One run folder, opened once; what becomes of the folder later changes nothing.

    Parameters:
        path: the run folder.
        cases: file of cases to step through, instead of the run's own test part.
        device: "auto", "cpu" or "cuda"; None for that of the configuration.

    Attributes:
        name: by which clients name it.
        estimator: fitted.
        maps: names of the maps that it has, "weights" first: those that pictures show.
        options: of its output for new cases.

    Raises:
        RegardError: the run cannot be opened, or the file not read.
    """

    def __init__(self, path: Path, *, cases: Path | None = None, device: str | None = None) -> None:
        self.path, self.name = path, path.resolve().name
        opened = read_run(path)
        self._config, self.metrics = opened.config, opened.metrics
        self._opened = _stamp(path)
        self.estimator: AttentionEstimator = open_run(path, device=device)
        self.audit = read_audit(path)
        self.options = options_of(self.estimator, path)
        self._file, self._reading = cases, Lock()
        self._part: TestPart | None = None
        self._read = None if cases is None else read_cases(self.estimator, path, cases)
        self.form = self.estimator.input_.posted_form
        self.maps = self._found_maps()

    @property
    def task(self) -> str:
        return self.estimator.task

    @property
    def names(self) -> list[str]:
        """Classes or targets, in the order of the evidence; of others none."""
        targets = getattr(self.estimator, "targets_", ())
        return [str(each) for each in getattr(self.estimator, "classes_", targets)]

    def _found_maps(self) -> tuple[str, ...]:
        """Which maps the model has, found on the example, by which it is warm, too."""
        if not self.form.get("examples"):
            return _OWN[:2]
        found = []
        for name in (*_OWN, *METHODS):
            with suppress(RegardError):  # there is no such map, or nothing to ask it of
                self._ask_for(name)
                found.append(name)
        return tuple(found) or _OWN[:2]

    def _ask_for(self, name: str) -> None:
        from regard.estimators import attributed

        cases = self.estimator.input_.posted(self.form["examples"][:1])
        if name in METHODS:
            attributed(self.estimator, cases, name)
        else:
            self.estimator.infer(cases, maps=(name,), **self._short)

    @property
    def _short(self) -> dict[str, Any]:
        """The options for a short answer."""
        return {"steps": 0} if "steps" in self.estimator.output_.options else {}

    def state(self) -> str:
        """Whether the folder is still the one that was opened: "same", "changed" or "gone"."""
        try:
            return "same" if _stamp(self.path) == self._opened else "changed"
        except OSError:
            return "gone"

    def about(self) -> dict[str, Any]:
        """What it is, as JSON."""
        incoming, estimator = self.estimator.input_, self.estimator
        figures = {k: v for k, v in self.metrics.items() if isinstance(v, int | float | str)}
        known: dict[str, Any] = {
            "name": self.name,
            "task": self.task,
            "input": TASKS[self.task].input,
            "output": TASKS[self.task].output,
        }
        for title in ("classes", "targets", "channels", "columns", "known"):
            found = getattr(estimator, f"{title}_", None)
            if found is not None:  # of pictures a number
                known[title] = found if isinstance(found, int) else [str(each) for each in found]
        for title, attribute in (("shortest", "shortest_"), ("longest", "longest_")):
            if (found := getattr(estimator, attribute, None)) is not None:
                known[title] = int(found)
        return known | {
            "unit": incoming.noun,
            "maps": list(self.maps),
            "drawn": "evidence" if incoming.by_evidence else "attention",
            "options": [name for name in estimator.output_.options if name != "target"],
            "case": self.form,
            "uploads": list(incoming.uploads),
            "parameters": sum(each.numel() for each in estimator.model_.parameters()),
            "figures": figures,
            "verdicts": [
                {name: row[name] for name in ("map", "label", "verdict", "sentence")}
                for row in self.audit.get("verdicts", ())
            ],
        }

    def verdicts(self, seen: Inference, n: int) -> dict[str, dict[str, str]]:
        """Of each map that was audited, whether to believe it where this is predicted."""
        if not self.audit:
            return {}
        numbers, names = self.estimator.output_.groups(seen.values)
        label = names[numbers[n]]
        return {
            row["map"]: {"verdict": _said(row), "sentence": row["sentence"]}
            for row in self.audit["verdicts"]
            if row["label"] == label
        }

    def test_part(self) -> TestPart:
        """The cases to step through, read and predicted when they are first asked for."""
        with self._reading:
            if self._part is None:
                self._part = self._predicted()
            return self._part

    def _predicted(self) -> TestPart:
        estimator = self.estimator
        if self._read is not None:
            cases, source = usable_of(*self._read), str(self._file and self._file.name)
        elif self._config.data.kind == "arrays":
            return TestPart("the run was fitted in Python, which has its cases")
        else:
            try:
                cases, source = load_parts(self._config).test, "test part"
            except RegardError:
                return TestPart("the data of the run are not where they were")
        left = max(0, len(cases) - _TEST_CASES)
        if left:
            cases = cases.take(np.arange(_TEST_CASES))
        seen = estimator.infer(cases, maps=("weights",), **self.options)
        rows = [self._row(seen, n) for n in range(len(seen))]
        return TestPart(source, cases, rows, left)

    def _row(self, seen: Inference, n: int) -> dict[str, Any]:
        outcome = self.estimator.output_.outcome(seen, n)
        weights = np.sort(seen.maps["weights"][n].ravel())[::-1]
        half = int(np.searchsorted(weights.cumsum(), weights.sum() / 2)) + 1
        return {
            "n": n,
            "case": str(seen.cases.ids[n]),
            "said": outcome.answer,
            "title": outcome.title,
            "right": outcome.right,
            "miss": outcome.miss,
            "certainty": outcome.certainty,
            "spread": half / max(1, weights.size),
        }


def open_runs(
    paths: Iterable[Path], *, cases: Path | None = None, device: str | None = None
) -> dict[str, Served]:
    """Runs by name.

    Raises:
        RegardError: two have one name, or one cannot be opened.
    """
    found: dict[str, Path] = {}
    for path in paths:
        name = path.resolve().name
        if name in found:
            raise ConfigError(
                f"runs: {found[name]} and {path} are both called {name}; rename one of the folders"
            )
        found[name] = path
    if not found:
        raise ConfigError("runs: wanted at least one run folder")
    return {name: Served(path, cases=cases, device=device) for name, path in found.items()}


def _said(row: Mapping[str, Any]) -> str:
    from regard.plots import said

    return said(row["verdict"], measured=row["figures"] is not None)


def _stamp(path: Path) -> list[tuple[int, ...]]:
    """What tells files from those that replace them."""
    found = [os.stat(path / name) for name in _FILES]
    return [(each.st_dev, each.st_ino, each.st_size, each.st_mtime_ns) for each in found]
