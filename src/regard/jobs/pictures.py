"""From a run folder and new cases to pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from regard.errors import ConfigError, DataError, did_you_mean, spoken
from regard.inference import Inference
from regard.jobs.opening import (
    in_prediction,
    open_run,
    options_of,
    read_cases,
    remarks_of,
    usable_of,
)
from regard.jobs.views import explorable, view_of
from regard.plots import CaseView, Trust, said
from regard.plots.album import album_html, file_names
from regard.plots.explored import MOST_EXPLORED
from regard.runs import check_output, check_suffix, read_audit, replacing, writing

if TYPE_CHECKING:
    from regard.estimators import AttentionEstimator

__all__ = ["Answer", "answer", "explain", "explain_all"]

_PICTURES = (".png", ".svg", ".html")


@spoken(in_prediction)
def explain(
    run: str | Path,
    source: str | Path | None,
    case: str | None,
    out: str | Path,
    *,
    text: str | None = None,
    method: str | None = None,
    labelled: bool | None = None,
    future: str | Path | None = None,
    encoding: str | None = None,
    folder: str | Path | None = None,
    overwrite: bool = False,
    device: str | None = None,
    watch: Callable[[int, int], None] | None = None,
    **asked: Any,
) -> str:
    """Draw one case of a file with its attention weights, or with what another method finds.

    Parameters:
        run: a run folder.
        source: as for `predict`.
        case: the case's name in a table, otherwise its number in the file, from 0; None draws the
            first.
        out: .png, .svg or .html.
        text: a text to draw instead of a case of a file; the run must be trained on texts.
        method: of `AttentionEstimator.attributions`, what is negative drawn as 0; None draws what
            the model shows by itself.
        labelled, future, encoding, folder: as for `predict`.
        overwrite: whether `out` may be replaced.
        device, watch: as for `predict`.
        asked: as for `predict`, and of texts to write `target`, a text to align with the case
            instead of the run's own.

    Returns:
        A summary of the prediction.

    Raises:
        RegardError: the run, the data or the output cannot be used.
    """
    out = Path(out)
    check_suffix(out, _PICTURES)
    check_output(out, "file", overwrite=overwrite, sources=(source, future))
    if method is not None and asked.get("target") is not None:
        raise ConfigError("target: is aligned by the attention alone; use it without a method")
    if text is not None and source is not None:
        raise ConfigError("source, text: exclude each other; give one of them")
    estimator = open_run(run, source, future, typed=text is not None, device=device, watch=watch)
    asked = options_of(estimator, run, **asked)
    if text is None:
        options: dict[str, Any] = {
            "labelled": labelled,
            "future": future,
            "encoding": encoding,
            "folder": folder,
        }
        cases, usable = read_cases(estimator, run, source, **options)
        at = int(usable.argmax()) if case is None else _find(cases.ids, case, f"{source or run}")
        if not usable[at]:
            reason = estimator.input_.unusable
            raise DataError(f"{source or run}: cases {reason} cannot be drawn, such as {case}")
        notes = getattr(cases, "notes", ())
        cases = cases.take(np.array([at]))
    else:
        notes = ()
        cases = estimator.input_.typed(text)
    seen = estimator.infer(cases, maps=estimator.input_.shown, **asked)
    if method is not None:
        seen = _by(method, estimator, seen)
    [view] = _views(estimator, seen, explored=out.suffix.lower() == ".html")
    view = replace(view, method=method or "")
    view = _trusted(view, estimator, seen, read_audit(Path(run)))
    with replacing(out, overwrite=overwrite) as beside:
        view.save(beside)
    verdict = [] if view.trust is None else [f"its map: {view.trust.verdict.lower()}"]
    by = [f"by {method}"] if method else []
    return ", ".join([view.named, *by, *verdict, *estimator.input_.remarks(seen), *notes])


@spoken(in_prediction)
def explain_all(
    run: str | Path,
    source: str | Path | None,
    out: str | Path,
    *,
    cases: Sequence[str] = (),
    worst: int | None = None,
    method: str | None = None,
    labelled: bool | None = None,
    future: str | Path | None = None,
    encoding: str | None = None,
    folder: str | Path | None = None,
    overwrite: bool = False,
    device: str | None = None,
) -> str:
    """Draw cases of a file into a folder, with a page that shows all pictures.

    Parameters:
        run: a run folder.
        source, labelled, future, encoding, folder: as for `predict`.
        out: the folder to write: a PNG for each case, named after it, and `index.html`.
        cases: names of those to draw; all where empty.
        worst: how many to draw of those that the model does worst, by their labels; None draws all.
        overwrite: whether a folder of pictures may be replaced.
        device: as for `predict`.

        method: as for `explain`.

    Returns:
        A summary: how many pictures, and how many cases could not be predicted.

    Raises:
        RegardError: the run, the data or the output cannot be used; nothing was written.
    """
    out = Path(out)
    if out.suffix.lower() in _PICTURES:
        raise ConfigError(f"{out}: several cases are drawn into a folder; wanted its name")
    if worst is not None and worst < 1:
        raise ConfigError(f"worst: wanted at least 1, not {worst}")
    check_output(out, "pictures", overwrite=overwrite, sources=(source, future))
    estimator = open_run(run, source, future, device=device)
    options: dict[str, Any] = {
        "labelled": labelled,
        "future": future,
        "encoding": encoding,
        "folder": folder,
    }
    every, usable = read_cases(estimator, run, source, **options)
    if cases:
        wanted = [_find(every.ids, case, f"{source or run}") for case in cases]
        if lost := [case for case, at in zip(cases, wanted, strict=True) if not usable[at]]:
            reason = estimator.input_.unusable
            raise DataError(f"{source or run}: cases {reason} cannot be drawn, such as {lost[0]}")
        every = every.take(np.array(wanted))
        usable = np.ones(len(wanted), bool)
    chosen = usable_of(every, usable)
    asked = options_of(estimator, run)
    if worst is not None:
        chosen = chosen.take(_worst(estimator, chosen, worst, f"{source or run}"))
    seen = estimator.infer(chosen, maps=estimator.input_.shown, **asked)
    if method is not None:
        seen = _by(method, estimator, seen)
    audit = read_audit(Path(run))
    views = [
        _trusted(replace(view, method=method or ""), estimator, seen, audit, n)
        for n, view in enumerate(_views(estimator, seen, explored=True))
    ]
    names = [f"{name}.png" for name in file_names(view.id for view in views)]
    with writing(out, overwrite=overwrite, kind="pictures") as folder:
        for name, view in zip(names, views, strict=True):
            view.save(folder / name)
        page = album_html(out.name, dict(zip(names, views, strict=True)))
        (folder / "index.html").write_text(page, encoding="utf-8")
    drawn = "1 picture" if len(views) == 1 else f"{len(views)} pictures"
    by = [f"by {method}"] if method else []
    return ", ".join([drawn, *by, *remarks_of(estimator, every, usable, seen)])


def _worst(estimator: AttentionEstimator, cases: Any, count: int, source: str) -> NDArray[np.int64]:
    """Positions of the cases with the worst scores, and of equal ones the first."""
    output = estimator.output_
    if output.case_figure is None:
        raise ConfigError(f"worst: the task {estimator.task} has no score of a case")
    if getattr(cases, "labels", None) is None:
        raise DataError(f"{source}: has no labels, which say what is worst", fixes=("labelled",))
    cases = output.as_trained(cases)
    scores = output.case_scores(estimator.infer(cases)).values
    order = scores if output.case_figure.best == "highest" else -scores
    return np.argsort(order, kind="stable")[:count]


class Answer:
    """Predicts what is typed, line by line.

    Of some inputs several lines make a case, such as a story and a question about it.

    Parameters:
        estimator: fitted.
        options: of its output's `answer`.

    Attributes:
        prompt: what to ask with.
    """

    def __init__(self, estimator: AttentionEstimator, **options: Any) -> None:
        self._estimator, self._options = estimator, options
        self.prompt = estimator.input_.prompt
        self._told: list[str] = []

    def __call__(self, text: str) -> CaseView:
        """The prediction for a text, ready to be shown."""
        return self._shown(self._estimator.input_.typed(text))

    def columns(self, text: str) -> dict[str, Any]:
        """The row that a table of predictions would have for a text."""
        incoming, output = self._estimator.input_, self._estimator.output_
        seen = self._estimator.infer(incoming.typed(text), maps=incoming.shown, **self._options)
        found, _ = output.columns(seen)
        row = {**found, **incoming.columns(seen)}
        return {name: np.asarray(column).tolist()[0] for name, column in row.items()}

    def _shown(self, cases: Any) -> CaseView:
        incoming = self._estimator.input_
        seen = self._estimator.infer(cases, maps=incoming.shown, **self._options)
        return view_of(self._estimator, seen)

    def line(self, text: str) -> CaseView | None:
        """The prediction for a typed line, with the lines before it that belong to its case.

        These are those that did not make a case, and a story that was asked about. An empty line
        forgets them.

        Returns:
            None where the line alone makes no case yet.
        """
        incoming = self._estimator.input_
        if not text:
            self._told.clear()
        elif not incoming.asks(text):
            self._told.append(text)
        else:
            cases = incoming.typed("\n".join([*self._told, text]))
            self._told = incoming.remembered(cases)
            return self._shown(cases)
        return None


@spoken(in_prediction)
def answer(
    run: str | Path,
    *,
    device: str | None = None,
    watch: Callable[[int, int], None] | None = None,
    **asked: Any,
) -> Answer:
    """Open a run that predicts what is typed.

    Parameters:
        run: a run folder.
        device, watch, asked: as for `predict`.

    Raises:
        RunError: the run cannot be read.
        ConfigError: its cases cannot be typed, or it takes no such option.
    """
    estimator = open_run(run, typed=True, device=device, watch=watch)
    return Answer(estimator, **options_of(estimator, run, **asked))


def _views(estimator: AttentionEstimator, seen: Inference, *, explored: bool) -> list[CaseView]:
    """All cases, ready to be drawn; where a page shows them, the first can be explored."""
    explored = explored and "channel_weights" not in seen.maps  # which pages do not draw
    first = range(min(len(seen), MOST_EXPLORED)) if explored else range(0)
    views = explorable(estimator, seen, first)
    return views + [view_of(estimator, seen, n) for n in range(len(views), len(seen))]


def _by(method: str, estimator: AttentionEstimator, seen: Inference) -> Inference:
    """With the weights that another method gives."""
    from regard.estimators import attributed

    channels = _of_channels(method, estimator)
    found = [
        each.clip(min=0) for each in attributed(estimator, seen.cases, method, channels=channels)
    ]
    several = estimator.output_.parts(seen.values) is not None  # each with a map of its own
    axis = -1 if several else None
    weights = []
    for each in found:
        total = each.sum(axis, keepdims=True)
        even = 1 / (each.shape[-1] if several else each.size)
        weights.append(np.where(total > 0, each / np.where(total > 0, total, 1), even))
    if not channels:
        return replace(seen, maps={**seen.maps, "weights": weights})
    summed = [each.sum(0) for each in weights]
    return replace(seen, maps={**seen.maps, "weights": summed, "channel_weights": weights})


def _of_channels(method: str, estimator: AttentionEstimator) -> bool:
    """Whether the channels of a series are drawn with weights of their own."""
    return estimator.input_.erased_channels > 1 and method not in ("attention", "evidence")


def _trusted(
    view: CaseView,
    estimator: AttentionEstimator,
    seen: Inference,
    audit: Mapping[str, Any],
    n: int = 0,
) -> CaseView:
    """A case with what an audit of its run says of such maps, if there is one."""
    if not (audit and estimator.output_.moves):
        return view
    numbers, names = estimator.output_.groups(seen.values)
    wanted = view.method or audit["drawn"], names[numbers[n]]
    own = [row for row in audit["verdicts"] if (row["map"], row["label"]) == wanted]
    if not own:
        return view
    told = said(own[0]["verdict"], measured=own[0]["figures"] is not None)
    return replace(view, trust=Trust(verdict=told, sentence=own[0]["sentence"]))


def _find(ids: NDArray[Any], case: str, source: str) -> int:
    """The position of a case by name.

    Raises:
        DataError: there is no such case, or several have the name.
    """
    names = [str(name) for name in ids.tolist()]
    for name in (case, case.strip()):  # ids of a table are read without blanks around them
        if names.count(name) > 1:
            raise DataError(
                f"{source}: {names.count(name)} cases are called {name}; make their names unique"
            )
        if name in names:
            return names.index(name)
    some = ", ".join(names if len(names) < 6 else [*names[:3], "...", names[-1]])
    near = did_you_mean(case, names)
    hint = near if near.startswith("; did you mean") else ""
    raise DataError(f"{source}: has no case {case}; its cases are {some}{hint}")
