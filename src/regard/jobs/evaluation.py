"""The figures and the report of a trained estimator on a test part."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from regard.config import Config
from regard.inference import Inference
from regard.outputs import CaseScores
from regard.plots import Report
from regard.runs import versions

if TYPE_CHECKING:
    from regard.estimators import AttentionEstimator

__all__ = ["Evaluation", "evaluate"]


class Evaluation(NamedTuple):
    """What a test part showed: figures for `metrics.json`, the report, the scores of its cases."""

    metrics: dict[str, Any]
    report: Report
    scores: CaseScores | None


def evaluate(
    estimator: AttentionEstimator,
    config: Config,
    test: Any,
    *,
    title: str,
    further: Mapping[str, Any] | None = None,
    beside: Mapping[str, Any] | None = None,
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
    """
    incoming, output = estimator.input_, estimator.output_
    seen = estimator.infer(test, maps=incoming.shown, keep=output.keep(test))
    metrics = _figures(estimator, seen) | estimator.fitted_figures() | incoming.figures()
    for name, cases in (further or {}).items():
        found = _figures(estimator, estimator.infer(cases, maps=incoming.shown))
        compared = [figure.name for figure in output.compared(found)]
        metrics |= {f"{name}_{figure}": found[figure] for figure in compared}
    metrics |= beside or {}
    metrics["notes"] = [*estimator.notes_, *output.notes(metrics)]
    report = output.report(
        seen,
        lambda n: incoming.view(seen, n, output.outcome(seen, n)),
        **_written(estimator, test),
        title=title,
        metrics=metrics,
        history=estimator.history_,
        config=config.model_dump(mode="json") | {"versions": versions()},
        notes=metrics["notes"],
        reading=incoming.reading(output.moved),
    )
    scores = None if output.case_figure is None else output.case_scores(seen)
    return Evaluation(metrics, report, scores)


def _written(estimator: AttentionEstimator, test: Any) -> dict[str, Any]:
    """What the model writes for some cases, for an output whose test part it only reads."""
    incoming, output = estimator.input_, estimator.output_
    cases = output.to_write(test)
    if cases is None:
        return {}
    seen = estimator.infer(cases, maps=incoming.shown, **output.for_new)
    views = [incoming.view(seen, n, output.outcome(seen, n)) for n in range(len(seen))]
    return {"written": views}


def _figures(estimator: AttentionEstimator, seen: Inference) -> dict[str, Any]:
    """The figures of a test part."""
    incoming, output = estimator.input_, estimator.output_
    return output.metrics(seen) | incoming.localisation(seen, partial(output.outcome, seen))
