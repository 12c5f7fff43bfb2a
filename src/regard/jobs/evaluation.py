"""The figures and the report of a trained estimator on a test part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from regard.config import Config
from regard.errors import DataError
from regard.inference import Inference
from regard.jobs.views import explorable, to_explore, view_of
from regard.outputs import CaseScores, Output
from regard.plots import CaseView, Report, Trust, said, said_of_uniform
from regard.runs import versions

if TYPE_CHECKING:
    from regard.estimators import AttentionEstimator, Audit

__all__ = ["Evaluation", "evaluate", "figures_of", "report_of"]

_PASSES = 300  # of each case of an audit, roughly
_SHOWN_PASSES = 20_000  # of those in the report
_LEAST, _MOST = 50, 200  # cases of an audit that nobody asked for


class Evaluation(NamedTuple):
    """What a test part showed.

    Attributes:
        metrics: for `metrics.json`.
        report: of the test part.
        scores: of its cases, or None.
        audit: of the maps, where there was time for one.
    """

    metrics: dict[str, Any]
    report: Report
    scores: CaseScores | None
    audit: Audit | None


def evaluate(
    estimator: AttentionEstimator,
    config: Config,
    test: Any,
    *,
    title: str,
    further: Mapping[str, Any] | None = None,
    beside: Mapping[str, Any] | None = None,
    seconds: float = 0.0,
) -> Evaluation:
    """Run the test part through the model once, and take its figures and the report from that.

    Parameters:
        estimator: fitted.
        config: what it was made from.
        test: cases with their targets.
        title: of the report.
        further: name to a further test part, whose figures follow its name, as in
            `longer_exact_match`.
        beside: figures of another run, to keep and show with these.
        seconds: for an audit of the maps, which is left out where it would take longer.
    """
    incoming, output = estimator.input_, estimator.output_
    start = perf_counter()
    seen = estimator.infer(test, maps=incoming.shown, keep=output.keep(test))
    passes = seconds * len(seen) / (perf_counter() - start)
    metrics = figures_of(estimator, seen) | estimator.fitted_figures() | incoming.figures()
    for name, cases in (further or {}).items():
        found = figures_of(estimator, estimator.infer(cases, maps=incoming.shown))
        compared = [figure.name for figure in output.compared(found)]
        metrics |= {f"{name}_{figure}": found[figure] for figure in compared}
    metrics |= beside or {}
    metrics["notes"] = [*estimator.notes_, *output.notes(metrics)]
    audit = None
    cases = int((passes - _SHOWN_PASSES) / _PASSES)
    if incoming.replacements and output.moves and cases >= _LEAST:
        try:
            audit = estimator.audit(test, cases=min(cases, _MOST))
        except DataError as error:
            metrics["notes"].append(f"the maps are not audited: {error}")
    report = report_of(estimator, config, seen, title=title, metrics=metrics, audit=audit)
    scores = None if output.case_figure is None else output.case_scores(seen)
    return Evaluation(metrics, report, scores, audit)


def report_of(
    estimator: AttentionEstimator,
    config: Config,
    seen: Inference,
    *,
    title: str,
    metrics: Mapping[str, Any],
    audit: Audit | None = None,
) -> Report:
    """The report of a test part.

    Parameters:
        estimator, config, title: as for `evaluate`.
        seen: the test part with the maps of `Input.shown`.
        metrics: all that `metrics.json` has.
        audit: verdicts to show beside the maps.
    """
    incoming, output = estimator.input_, estimator.output_
    drawn: list[tuple[CaseView, int]] = []

    def view(n: int) -> CaseView:
        one = view_of(estimator, seen, n)
        drawn.append((one, n))
        return one

    report = output.report(
        seen,
        view,
        **_written(estimator, seen.cases),
        title=title,
        metrics=metrics,
        history=estimator.history_,
        config=config.model_dump(mode="json") | {"versions": config.versions or versions()},
        notes=metrics["notes"],
        reading=incoming.reading(output.moved),
        cases=explorable(estimator, seen, to_explore(estimator, seen)),
    )
    return report if audit is None else _with_verdicts(report, audit, seen, drawn, output)


def _with_verdicts(
    report: Report,
    audit: Audit,
    seen: Inference,
    drawn: Sequence[tuple[CaseView, int]],
    output: Output,
) -> Report:
    """A report with the verdicts, and below each picture its own."""
    groups, names = output.groups(seen.values)
    shown = np.unique([n for _, n in drawn]).astype(np.int64)
    each = dict(zip(shown.tolist(), audit.of(seen.cases.take(shown)), strict=True))

    def verdict(n: int) -> Trust | None:
        own = audit.verdicts.get((audit.drawn, names[groups[n]]))
        if own is None:
            return None
        told = said(own.verdict, measured=own.figures is not None)
        return Trust(verdict=told, sentence=own.sentence)

    def trusted(view: CaseView) -> CaseView:
        n = next(n for one, n in drawn if one is view)
        trust = verdict(n)
        if trust is None:
            return view
        [case] = (one for one in each[n] if one.map == audit.drawn)
        measured = {"gain": case.gain, "part": case.part, "occlusion": case.occlusion}
        trust = replace(trust, **measured, elsewhere=case.elsewhere.tolist())
        return replace(view, trust=trust)

    return replace(
        report,
        examples=[trusted(view) for view in report.examples],
        mistakes=[trusted(view) for view in report.mistakes],
        cases=[
            replace(view, trust=verdict(view.answers.place))
            for view in report.cases
            if view.answers is not None
        ],
        verdicts=[asdict(one) for one in audit.verdicts.values()],
        uniform=said_of_uniform(*audit.uniform) if audit.uniform else "",
    )


def _written(estimator: AttentionEstimator, test: Any) -> dict[str, Any]:
    """What the model writes for some cases, for an output whose test part it only reads."""
    incoming, output = estimator.input_, estimator.output_
    cases = output.to_write(test)
    if cases is None:
        return {}
    seen = estimator.infer(cases, maps=incoming.shown, **output.for_new)
    views = [view_of(estimator, seen, n) for n in range(len(seen))]
    return {"written": views}


def figures_of(estimator: AttentionEstimator, seen: Inference) -> dict[str, Any]:
    """The figures of a test part."""
    incoming, output = estimator.input_, estimator.output_
    return output.metrics(seen) | incoming.localisation(seen, partial(output.outcome, seen))
