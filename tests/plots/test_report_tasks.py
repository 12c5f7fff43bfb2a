"""The reports of texts, numbers and forecasts."""

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes

from regard.inputs.panel.view import PanelView
from regard.inputs.series.view import SeriesView
from regard.inputs.text.view import TextView
from regard.outputs.classes.outcome import ClassOutcome
from regard.outputs.classes.report import ClassificationReport
from regard.outputs.future.outcome import FutureOutcome
from regard.outputs.future.report import ForecastReport
from regard.outputs.numbers import report as numbers_report
from regard.outputs.numbers.outcome import NumbersOutcome
from regard.outputs.numbers.report import RegressionReport
from regard.plots import ForecastView, Report, plot_predictions, report_html

HOSTILE = "<script>alert(1)</script> $_"
FITTED = {"fit_seconds": 83.4, "parameters": 31234, "epochs": 2}
_PER_CLASS = ("precision", "recall", "f1", "share", "probability")
HISTORY = [
    {"epoch": n, "loss": 1 / n, "validation_loss": 2 / n, "validation_rmse": 30 / n}
    for n in range(1, 5)
]
SHARED: dict[str, Any] = {
    "title": HOSTILE,
    "history": HISTORY,
    "config": {"seed": 7, "versions": {"torch": "2.10"}},
    "notes": [HOSTILE],
}


def _text(page: str) -> str:
    body = re.sub(r"<[^>]*>", " ", page[page.index("<body>") :])
    return " ".join(body.split())


def _headings(page: str) -> list[str]:
    return re.findall(r"<h2[^>]*>([^<]*)</h2>", page)


def _case(name: str, M: int) -> SeriesView:
    return SeriesView(
        id=name,
        series=np.arange(13.0)[None],
        channels=(HOSTILE,),
        weights=np.full(13, 1 / 13),
        outcome=NumbersOutcome(
            true={f"t{m} {HOSTILE}": 2.5 + m for m in range(M)},
            predicted={f"t{m} {HOSTILE}": -1.25 - m for m in range(M)},
        ),
        spans=[(3, 7)],
    )


def _regression(M: int) -> RegressionReport:
    figures = {"mae": 1.5, "rmse": 2.5, "r2": 0.8765, "mean_mae": 3.25, "mean_rmse": 4.75}
    rng = np.random.default_rng(0)
    return RegressionReport(
        **SHARED,
        metrics={
            "cases": 97,
            **figures,
            "per_target": [{"target": f"t{m} {HOSTILE}", **figures} for m in range(M)],
            **FITTED,
        },
        truth=rng.standard_normal((97, M)),
        predicted=rng.standard_normal((97, M)),
        examples=[_case("example", M)],
        mistakes=[_case("worst", M), _case("bad", M)],
    )


def _forecast(M: int, H: int) -> ForecastReport:
    errors = {"mae": 1.5, "rmse": 2.5, "mase": 0.8765}
    steps = [{"step": h + 1, "mae": 1.0 + h, "rmse": 2.0 + h} for h in range(H)]
    shared: dict[str, Any] = {
        "columns": tuple(f"t{m}" for m in range(M)),
        "times": np.arange(13),
        "future": np.arange(13, 13 + H),
        "predicted": np.ones((M, H)),
    }
    view = PanelView(
        id=HOSTILE,
        outcome=FutureOutcome(**shared),
        forecast=ForecastView(past=np.zeros((M, 13)), weights=np.full((H, 13), 1 / 13), **shared),
    )
    return ForecastReport(
        **SHARED,
        metrics={
            "windows": 29,
            **errors,
            "per_target": [{"target": f"t{m}", **errors} for m in range(M)],
            "by_step": steps,
            "by_origin": [
                {"origin": f"2020-01-{n + 1:02}", "mae": 1.0, "rmse": 2.0} for n in range(3)
            ],
            "baselines": {
                "naive": {"mae": 2.25, "rmse": 3.5, "mase": None, "by_step": steps},
                HOSTILE: {"mae": 1.75, "rmse": 3.0, "mase": 1.1, "by_step": steps},
            },
            "pinball": 0.4375,
            "coverage": [
                {"level": 0.1, "wanted": 0.1, "found": 0.125, "pinball": 0.4},
                {"interval": [0.1, 0.9], "wanted": 0.8, "found": 0.777},
            ],
            **FITTED,
        },
        examples=[view, view],
    )


def _texts() -> ClassificationReport:
    def view(name: str, true: str, predicted: str) -> TextView:
        return TextView(
            id=name,
            text=f"Not {HOSTILE} bad",
            words=np.array([[0, 3]]),
            weights=np.ones(1),
            outcome=ClassOutcome(true=true, predicted=predicted, probability=0.875),
            known=1,
        )

    rows = [{"class": name, "support": 4, **dict.fromkeys(_PER_CLASS, 0.5)} for name in "ab"]
    return ClassificationReport(
        **SHARED,
        metrics={
            "cases": 8,
            **dict.fromkeys(("accuracy", "precision", "recall", "f1", "roc_auc"), 0.5),
            "averaging": "binary, positive class 'b'",
            "positive_class": "b",
            **dict.fromkeys(("brier", "ece"), 0.25),
            "reliability": [{"probability": 0.875, "right": 0.5, "cases": 8}],
            "calibration": {"temperature": 1.0, "cases": 0},
            "confusion_matrix": [[2, 2], [2, 2]],
            "per_class": rows,
            **FITTED,
        },
        classes=["a", "b"],
        examples=[view("one", "a", "a"), view("two", "b", "b")],
        mistakes=[view("three", "a", "b")],
    )


# What is about the text of a report alone; the pictures are drawn by the test of all reports.
of_the_text = pytest.mark.usefixtures("without_pictures")

REPORTS: list[Report] = [
    _texts(),
    _regression(1),
    _regression(7),
    _forecast(1, 1),
    _forecast(7, 96),
]


@pytest.mark.parametrize("report", REPORTS, ids=lambda report: type(report).__name__)
def test_every_report_is_escaped_and_self_contained(report: Report) -> None:
    page = report_html(report)
    assert "<script" not in page
    namespaces = {"http://www.w3.org/1999/xlink", "http://www.w3.org/2000/svg"}
    assert set(re.findall(r"https?://[^\"' <]+", page)) <= namespaces
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    referred = re.findall(r"url\(#([^)]+)\)", page) + re.findall(r'href="#([^"]+)"', page)
    assert set(referred) <= set(ids)
    assert len(page) < 3_000_000
    text = _text(page)
    assert "31,234 parameters, trained for 2 epochs in 83.4 s." in text
    assert "seed 7" in text
    assert "validation RMSE" in text


@of_the_text
def test_numbers() -> None:
    page = report_html(_regression(1))
    text = _text(page)
    assert "On average over 97 test cases, the prediction is off by 1.5;" in text
    assert "always predicting the mean of the training part would be off by 3.25." in text
    for figure in ("2.500", "0.8765", "4.750"):
        assert figure in text
    assert _headings(page) == [
        "Metrics", "Predictions", "Worst errors", "Examples", "Training", "Configuration",
    ]  # fmt: skip
    assert re.findall(r"Case (\w+): predicted -1.250 , true 2.500", text) == [
        "worst", "bad", "example",
    ]  # fmt: skip
    # A scatter, the learning curve and three cases.
    assert page.count("<svg ") == 5
    assert "shaded steps" in text
    nothing = {**_regression(1).metrics, "r2": None}
    assert "the truth is the same in every test case" in report_html(
        replace(_regression(1), metrics=nothing)
    )


@of_the_text
def test_several_targets_have_a_table_and_a_scatter_each() -> None:
    page = report_html(_regression(7))
    text = _text(page)
    assert "On average over 97 test cases and 7 targets" in text
    assert page.count("<svg ") == 11
    for m in range(7):
        assert f"t{m} &lt;script&gt;alert(1)&lt;/script&gt; $_ 1.500 2.500 0.8765" in text
        name = f"t{m} &lt;script&gt;alert(1)&lt;/script&gt; $_"
        assert f"{name} {-1.25 - m:.3f} {2.5 + m:.3f}" in text


@of_the_text
def test_the_interval_and_how_much_it_held_are_told() -> None:
    assert "an interval is calibrated on a validation part" in _text(report_html(_regression(1)))
    for M in (1, 3):
        report = _regression(M)
        rows = [
            {"target": f"t{m}", "margin": 1.25 + m, "wanted": 0.8, "found": 0.7 + 0.1 * m}
            for m in range(M)
        ]
        text = _text(report_html(replace(report, metrics={**report.metrics, "coverage": rows})))
        assert "an interval is calibrated on a validation part" not in text
        if M == 1:
            assert "± 1.25 Around each prediction; 70.0 % of the test cases lie within." in text
        else:
            assert "80.0 % Found within the intervals, averaged over the targets" in text
            assert "± 3.250 90.0 %" in text


@of_the_text
def test_each_scatter_is_of_its_own_target(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[np.ndarray, np.ndarray, str]] = []

    def spy(truth: np.ndarray, predicted: np.ndarray, *, name: str, margin: None) -> Axes:
        seen.append((truth, predicted, name))
        return plot_predictions(truth, predicted, name=name)

    monkeypatch.setattr(numbers_report, "plot_predictions", spy)
    report = _regression(3)
    report_html(report)
    assert [name[:2] for _, _, name in seen] == ["t0", "t1", "t2"]
    np.testing.assert_array_equal(np.stack([truth for truth, _, _ in seen], 1), report.truth)
    np.testing.assert_array_equal(np.stack([found for _, found, _ in seen], 1), report.predicted)


@of_the_text
def test_a_report_without_mistakes_explains_the_pictures() -> None:
    text = _text(report_html(replace(_regression(1), mistakes=[])))
    assert "None is shown here." in text
    assert text.count("How to read this") == 1


@of_the_text
def test_forecasts() -> None:
    page = report_html(_forecast(1, 1))
    text = _text(page)
    hostile = HOSTILE.replace("<", "&lt;").replace(">", "&gt;")
    assert "Over 29 test windows of 1 step, the forecast is off by 1.5 on average;" in text
    assert f"the {hostile} forecast is off by 1.75" in text
    assert "which is better" not in text
    assert "model 1.500 2.500 0.8765" in text
    assert "naive 2.250 3.500 –" in text
    assert "2020-01-03 1.000 2.000" in text
    assert "at or below the level 0.1 10.0 % 12.5 %" in text
    assert "between the levels 0.1 and 0.9 80.0 % 77.7 %" in text
    assert "0.4375" in text
    assert _headings(page) == [
        "Metrics", "Model and baselines", "Origins", "Coverage", "Examples", "Training",
        "Configuration",
    ]  # fmt: skip
    assert page.count("<svg ") == 4


@of_the_text
def test_a_better_baseline_is_named_in_words() -> None:
    report = _forecast(1, 1)
    seasonal = {"seasonal naive": {**report.metrics["baselines"]["naive"], "mae": 269.6}}
    metrics = {**report.metrics, "mae": 364.31, "baselines": seasonal, "season_name": "year"}
    assert (
        "the forecast is off by 364 on average; last year's value is off by 270, which is better"
    ) in _text(report_html(replace(report, metrics=metrics))).replace("&#39;", "'")


@of_the_text
def test_how_to_read_is_beside_the_pictures_and_not_among_the_warnings() -> None:
    page = report_html(replace(_regression(1), notes=[], reading=["The weights are shares."]))
    assert 'class="notes"' not in page
    assert page.index("Worst errors") < page.index('<p class="soft">The weights are shares.</p>')
    warned = report_html(replace(_regression(1), notes=["the mean is better"], reading=[]))
    assert "<li>the mean is better</li>" in warned


def test_a_forecast_and_its_band_have_the_same_decimals() -> None:
    outcome = FutureOutcome(
        columns=("load", "price"),
        times=np.arange(3),
        future=np.arange(3, 5),
        predicted=np.array([[9.8765, 101.25], [0.5, 0.25]]),
        quantiles={0.1: np.array([[8, 99.0], [0, 0]]), 0.9: np.array([[10.5, 103.0], [1, 1]])},
        truth=np.array([[9.0, 100.0], [1.0, 0.125]]),
    )
    text = " ".join(re.sub(r"<[^>]*>", " ", outcome.details()).split())
    assert "3 9.9 8.0 to 10.5 9.0 0.500 0.000 to 1.000 1.000" in text
    assert "4 101.2 99.0 to 103.0 100.0 0.250 0.000 to 1.000 0.125" in text


@of_the_text
def test_forecasts_without_quantiles_and_baselines() -> None:
    report = _forecast(7, 96)
    left_out = ("pinball", "coverage")
    metrics = {name: figure for name, figure in report.metrics.items() if name not in left_out}
    metrics |= {"baselines": {}, "by_origin": [], "mase": None}
    page = report_html(replace(report, metrics=metrics, examples=[]))
    assert _headings(page) == [
        "Metrics", "Model and baselines", "Targets", "Examples", "Training", "Configuration",
    ]  # fmt: skip
    assert "there is no baseline" in _text(page)
    assert "does not change from season to season" in _text(page)


@of_the_text
def test_texts_are_text_and_not_images() -> None:
    page = report_html(_texts())
    assert page.count("<svg ") == 3  # confusion matrix, reliability, learning curve
    assert page.count('class="text"') == 3
    text = _text(page)
    assert re.findall(r"Case (\w+): predicted", text) == ["three", "one", "two"]
    assert "the stronger the tint" in text
    assert "the line is coloured" not in text
