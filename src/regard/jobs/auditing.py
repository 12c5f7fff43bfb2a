"""Whether to believe the maps of a run, said in its folder and its report."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regard.config import Config, resolve_config
from regard.errors import ConfigError, DataError, RegardWarning, RunError, spoken
from regard.jobs.audit_text import audit_text
from regard.jobs.evaluating import labelled_cases
from regard.jobs.evaluation import figures_of, report_of
from regard.jobs.opening import in_prediction, place
from regard.jobs.parts import load_parts
from regard.jobs.training import divided
from regard.plots import report_html
from regard.runs import Run, add_to_run, read_run

if TYPE_CHECKING:
    from regard.estimators import AttentionEstimator, Audit
    from regard.inputs import Parts
    from regard.outputs import Output

__all__ = ["audit"]

_SAME = 1e-3  # of figures of one test part, computed twice


@spoken(in_prediction)
def audit(
    run: str | Path,
    source: str | Path | None = None,
    *,
    cases: int = 200,
    retrain: int = 0,
    seed: int = 0,
    device: str | None = None,
    verbose: bool = False,
    watch: Callable[[int, int], None] | None = None,
) -> Audit:
    """Say whether to believe the maps of a run, by its test part.

    Writes `audit.json` in the run folder, and the verdicts into its report.

    Parameters:
        run: a run folder.
        source: a file of other cases with labels, in place of the test part; nothing is written.
        cases: the most that are looked at.
        retrain: how often to train again, each time with another seed, to compare the maps; with
            any, once more with the score `none`, to say what attention is worth.
        seed: of what is drawn.
        device: as for `predict`; what is trained again is trained on it.
        verbose: whether to show the progress of what is trained again.
        watch: is told how many of the measurements are done, and of how many.

    Raises:
        RegardError: the run cannot be audited, its data have changed, or it cannot be written.
    """
    path = Path(run)
    opened = read_run(path)
    from regard.estimators import Uniform, estimator_of, refuse_unaudited

    estimator = estimator_of(opened.config.task).from_run(opened, source=str(run))
    place(estimator, device)
    if device is not None:
        training = opened.config.training.model_copy(update={"device": device})
        opened = replace(opened, config=opened.config.model_copy(update={"training": training}))
    refuse_unaudited(estimator, compared=retrain > 0)
    if source is not None:
        if retrain:
            raise ConfigError("retrain: compares models by the test part; name no file with it")
        given, _ = labelled_cases(estimator, source)
        return estimator.audit(given, cases=cases, seed=seed, watch=watch)
    if opened.config.data.kind == "arrays":
        raise ConfigError(
            f"{run}: was fitted in Python; name a file of cases with labels, or call model.audit"
        )
    if "notes" not in opened.metrics:
        raise RunError(f"{run}: has no figures in metrics.json to compare its test part with")
    parts = load_parts(opened.config)
    if not len(parts.test):
        raise DataError(f"{run}: has no test cases")
    incoming, output = estimator.input_, estimator.output_
    seen = estimator.infer(parts.test, maps=incoming.shown, keep=output.keep(parts.test))
    _refuse_changed(figures_of(estimator, seen), opened.metrics, run)
    others = [_again(opened.config, parts, number, verbose) for number in range(1, retrain + 1)]
    found = estimator.audit(parts.test, cases=cases, seed=seed, others=others, watch=watch)
    if retrain and opened.config.model.attention.score != "none":
        uniform = _uniform(opened, parts, output, verbose)
        found = replace(found, uniform=uniform and Uniform(*uniform))
    common: dict[str, Any] = {"title": path.name, "metrics": opened.metrics}
    report = report_of(estimator, opened.config, seen, **common, audit=found)
    add_to_run(path, {"audit.json": audit_text(found, path), "report.html": report_html(report)})
    return found


def _again(config: Config, parts: Parts, number: int, verbose: bool) -> AttentionEstimator:
    """An estimator trained as the run was, with a seed so many higher."""
    return _trained(config.model_copy(update={"seed": config.seed + number}), parts, verbose)


def _trained(config: Config, parts: Parts, verbose: bool) -> AttentionEstimator:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RegardWarning)
        return divided(config, verbose=verbose).fit(parts.train, validation=parts.validation)


def _uniform(
    opened: Run, parts: Parts, output: Output, verbose: bool
) -> tuple[str, float, float] | None:
    """The first figure of the test part beside that of a model with equal weights.

    None where the task has no such model.
    """
    content = opened.config.model_dump(mode="json")
    content["model"]["attention"] = "none"
    try:
        config = resolve_config(content)
    except ConfigError:
        return None
    other = _trained(config, parts, verbose)
    seen = other.infer(parts.test, maps=other.input_.shown, keep=output.keep(parts.test))
    first = output.compared(opened.metrics)[0]
    even = figures_of(other, seen)[first.name]
    return first.title, opened.metrics[first.name], even


def _refuse_changed(found: Mapping[str, Any], recorded: Mapping[str, Any], run: str | Path) -> None:
    """Refuse a test part on which the model does otherwise than when it was trained."""
    for name, figure in found.items():
        before = recorded.get(name)
        if (
            isinstance(figure, float)
            and isinstance(before, float)
            and not math.isclose(figure, before, rel_tol=_SAME, abs_tol=_SAME)
        ):
            raise DataError(
                f"{run}: the data, or its weights or settings, are not those of its training: "
                f"{name.replace('_', ' ')} is {figure:.4g} now and was {before:.4g}"
            )
