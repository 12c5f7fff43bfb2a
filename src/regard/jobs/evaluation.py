"""The figures and the report of a trained estimator on a test part."""

from typing import Any

from regard.config import Config
from regard.estimators import AttentionEstimator
from regard.plots import Report
from regard.runs import versions

__all__ = ["evaluate"]


def evaluate(
    estimator: AttentionEstimator, config: Config, test: Any, *, title: str
) -> tuple[dict[str, Any], Report]:
    """Run the test part through the model once, and take its figures and the report from that.

    Parameters:
        estimator: fitted.
        config: what it was made from.
        test: cases with their targets.
        title: of the report.
    """
    incoming, output = estimator.input_, estimator.output_
    seen = estimator.infer(test, maps=("attention", "weights"), keep=output.keep(test))
    metrics = output.metrics(seen) | estimator.fitted_figures()
    metrics |= incoming.localisation(seen) | incoming.figures()
    metrics["notes"] = [*estimator.notes_, *output.notes(metrics)]
    report = output.report(
        seen,
        lambda n: incoming.view(seen, n, output.outcome(seen, n)),
        title=title,
        metrics=metrics,
        history=estimator.history_,
        config=config.model_dump(mode="json") | {"versions": versions()},
        notes=metrics["notes"],
        reading=incoming.reading(output.moved),
    )
    return metrics, report
