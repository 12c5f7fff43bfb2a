"""The report tells every figure, escapes what is data, and needs nothing but itself."""

import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

from regard.inputs.series.view import SeriesView
from regard.outputs.classes.outcome import ClassOutcome
from regard.outputs.classes.report import ClassificationReport
from regard.plots import report, report_html
from regard.plots.format import duration

CLASSES = ["<script>alert(1)</script>", "a & b", 'c" onload="x']
HISTORY = [{"epoch": 1, "loss": 0.7123, "validation_loss": 0.6}, {"epoch": 2, "loss": 0.4321}]
METRICS: dict[str, Any] = {
    "cases": 1320,
    "accuracy": 0.8106,
    "precision": 0.8207,
    "recall": 0.8308,
    "f1": 0.8409,
    "roc_auc": 0.8511,
    "averaging": "macro",
    "positive_class": None,
    "brier": 0.2716,
    "ece": 0.0617,
    "reliability": [
        {"probability": 0.55, "right": 0.5, "cases": 320},
        {"probability": 0.9, "right": 0.91, "cases": 1000},
    ],
    "calibration": {"temperature": 1.75, "cases": 132},
    "confusion_matrix": [[1013, 11, 13], [17, 19, 23], [29, 31, 164]],
    "per_class": [
        {
            "class": name,
            "precision": 0.1 + n,
            "recall": 0.2 + n,
            "f1": 0.3 + n,
            "support": support,
            "share": support / 1320,
            "probability": 0.4 + n,
        }
        for n, (name, support) in enumerate(zip(CLASSES, [1037, 59, 224], strict=True))
    ],
    "fit_seconds": 83.42,
    "parameters": 31234,
    "epochs": 2,
    "localisation_ap": 0.7612,
    "localisation_chance": 0.2113,
}
CONFIG = {
    "seed": 7,
    "data": {"kind": "csv", "path": "<img src=x onerror=alert(1)>"},
    "model": {"encoder": "gru", "missing": None, "range": [1.0, 4.0]},
    "versions": {"torch": "2.10.0"},
}


def _view(case: str, true: str, predicted: str, *, C: int = 1, T: int = 29) -> SeriesView:
    rng = np.random.default_rng(0)
    weights = np.exp(rng.standard_normal(T))
    return SeriesView(
        id=case,
        series=rng.standard_normal((C, T)),
        channels=tuple(f"<script>{c}" for c in range(C)),
        weights=weights / weights.sum(),
        outcome=ClassOutcome(true=true, predicted=predicted, probability=0.875),
        spans=[(3, 7)],
    )


REPORT = ClassificationReport(
    title="runs & <script>",
    metrics=METRICS,
    history=HISTORY,
    classes=CLASSES,
    examples=[
        _view("example-0", CLASSES[0], CLASSES[0]),
        _view("example-1", CLASSES[1], CLASSES[0], C=2),
    ],
    mistakes=[
        _view("worst", CLASSES[1], CLASSES[2]),
        _view("bad", CLASSES[0], CLASSES[1]),
        _view("a-close-one", CLASSES[2], CLASSES[0]),
    ],
    config=CONFIG,
    notes=["<script>note</script> & more"],
)


class _Page(HTMLParser):
    """The text of a page, its headings, and every tag with its attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.headings: list[str] = []
        self._open: list[str] = []
        self.feed(page)
        self.text = " ".join(self.text.split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._open.append(tag)
        if tag in ("h1", "h2", "h3"):
            self.headings.append("")

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass
        if tag not in ("a", "b", "span"):
            self.text += " "

    def handle_data(self, data: str) -> None:
        if "style" in self._open:
            return
        self.text += data
        if {"h1", "h2", "h3"} & set(self._open):
            self.headings[-1] += data


@pytest.fixture(scope="module")
def html() -> str:
    return report_html(REPORT)


@pytest.fixture(scope="module")
def page(html: str) -> _Page:
    return _Page(html)


def test_every_figure_is_there(page: _Page) -> None:
    wanted = ["accuracy", "precision", "recall", "f1", "roc_auc"]
    wanted += ["brier", "ece", "localisation_ap", "localisation_chance"]
    figures = [f"{METRICS[name]:.4f}" for name in wanted]
    for row in METRICS["per_class"]:
        figures += [
            f"{row[name]:.4f}" for name in ("precision", "recall", "f1", "share", "probability")
        ]
        figures.append(f"{row['support']:,}")
    figures += [f"{count:,}" for row in METRICS["confusion_matrix"] for count in row]
    figures += ["1,320", "31,234", "83.4 s", "macro", "trained for 2 epochs"]
    for figure in figures:
        assert figure in page.text, figure


def test_it_opens_with_the_count_and_the_baseline(page: _Page) -> None:
    assert "1,196 of 1,320 test cases were classified correctly." in page.text
    assert f"Always predicting “{CLASSES[0]}” would reach {1037 / 1320:.4f}." in page.text
    assert page.headings[0] == "runs & <script>"
    sections = [h for h in page.headings if h not in CLASSES]
    assert sections[1:] == [
        "Metrics", "Classes", "Certainty", "Worst mistakes", "Examples", "Training",
        "Configuration",
    ]  # fmt: skip


@pytest.mark.usefixtures("without_pictures")
def test_it_says_how_certain_and_how_right(page: _Page) -> None:
    mean = (320 * 0.55 + 1000 * 0.9) / 1320
    assert f"a probability of {mean:.4f} on average, and 0.8106 of the predictions" in page.text
    assert "calibrated on 132 held-out cases, with the temperature 1.75." in page.text
    bare = {**METRICS, "calibration": {"temperature": 1.0, "cases": 0}}
    assert "are not calibrated." in _Page(report_html(replace(REPORT, metrics=bare))).text


@pytest.mark.usefixtures("without_pictures")
def test_the_positive_class_is_named() -> None:
    metrics = {**METRICS, "averaging": "binary, positive class 'b'", "positive_class": "b"}
    page = _Page(report_html(replace(REPORT, metrics=metrics)))
    assert "recall 0.8308 of “b”, the positive class." in page.text


def test_what_comes_from_data_is_text(html: str, page: _Page) -> None:
    assert "<script" not in html.lower()
    assert "<img" not in html
    assert not [tag for tag, attributes in page.tags if "onload" in attributes]
    for text in (*CLASSES, "<script>note</script> & more", "<img src=x onerror=alert(1)>"):
        assert text in page.text
    # Class names and channels also stand inside the pictures.
    assert "&lt;script&gt;0" in html


def test_it_needs_nothing_but_itself(html: str, page: _Page) -> None:
    namespaces = {"http://www.w3.org/1999/xlink", "http://www.w3.org/2000/svg"}
    assert set(re.findall(r"https?://[^\"' <]+", html)) <= namespaces
    for tag, attributes in page.tags:
        assert tag not in ("script", "iframe", "object", "embed")
        for name in ("src", "href", "xlink:href"):
            assert (attributes.get(name) or "#").startswith(("#", "data:")), attributes[name]


def test_ids_are_unique_and_what_is_referred_to_exists(html: str, page: _Page) -> None:
    ids = Counter(attributes["id"] for _, attributes in page.tags if "id" in attributes)
    assert set(ids.values()) == {1}
    referred = re.findall(r"url\(#([^)]+)\)", html) + re.findall(r'href="#([^"]+)"', html)
    assert referred
    assert set(referred) <= set(ids)


def test_every_picture_says_what_it_shows(page: _Page) -> None:
    labels = [attributes["aria-label"] for tag, attributes in page.tags if tag == "svg"]
    # Confusion matrix, reliability, learning curve, three mistakes and two examples.
    assert len(labels) == 8
    assert all(labels)
    assert all(attributes["role"] == "img" for tag, attributes in page.tags if tag == "svg")


def test_mistakes_stand_as_given_and_before_the_examples(page: _Page) -> None:
    cases = re.findall(r"Case (\S+): predicted", page.text)
    assert cases == ["worst", "bad", "a-close-one", "example-0", "example-1"]
    assert "3 of 124 mistakes, the most confident first." in page.text
    assert f"Case worst: predicted {CLASSES[2]} instead of a & b, probability 0.875" in page.text
    assert f"Case example-0: predicted {CLASSES[0]}, correct, probability 0.875" in page.text


def test_examples_stand_under_their_true_class(page: _Page) -> None:
    examples = page.text[page.text.rindex("Examples") :]
    order = [
        f"{CLASSES[0]} Case example-0",
        f"{CLASSES[1]} Case example-1",
        f"{CLASSES[2]} No test case is of this class.",
    ]
    positions = [examples.index(text) for text in order]
    assert positions == sorted(positions)


def test_the_configuration_is_flat(page: _Page) -> None:
    for text in ("model.encoder gru", "model.missing null", "model.range [1.0, 4.0]", "seed 7"):
        assert text in page.text
    assert "torch 2.10.0" in page.text
    assert "versions.torch" not in page.text


@pytest.mark.usefixtures("without_pictures")
def test_without_mistakes_it_says_that_there_are_none() -> None:
    perfect = {**METRICS, "confusion_matrix": [[1037, 0, 0], [0, 59, 0], [0, 0, 224]]}
    page = _Page(report_html(replace(REPORT, metrics=perfect, mistakes=[])))
    assert "None: every test case was classified correctly." in page.text
    assert "How to read this" in page.text
    hidden = _Page(report_html(replace(REPORT, mistakes=[], examples=[])))
    assert "124 test cases were misclassified; none of them is shown here." in hidden.text


@pytest.mark.usefixtures("without_pictures")
@pytest.mark.parametrize("localisation", [{}, {"localisation_ap": float("nan")}])
def test_what_could_not_be_computed(localisation: dict[str, float | None]) -> None:
    metrics = {k: v for k, v in METRICS.items() if not k.startswith("localisation")}
    metrics |= {"roc_auc": None, **localisation}
    bare = replace(REPORT, metrics=metrics, history=[], examples=[], mistakes=[], notes=())
    page = _Page(report_html(bare))
    assert "Cannot be computed: the test cases are all of one class." in page.text
    assert "Localisation" not in page.text
    assert "nan" not in page.text.lower()
    assert "No history was kept." in page.text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(3.14, "3.1 s"), (119.9, "119.9 s"), (185, "3 min 5 s"), (7300, "2 h 1 min")],
)
def test_fit_time_reads_well(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_equal_reports_are_equal_text() -> None:
    small = replace(REPORT, examples=[], mistakes=REPORT.mistakes[:1], history=[])
    assert report_html(small) == report_html(small)


def test_thirty_long_examples_stay_small() -> None:
    few = [_view(str(n), "a & b", "a & b", T=500) for n in range(2)]
    few.append(_view("wide", "a & b", "a & b", C=12, T=500))
    bare = replace(REPORT, examples=[], mistakes=[], history=[])
    base, sizes = len(report_html(bare)), []
    for view in few:
        sizes.append(len(report_html(replace(bare, examples=[view]))) - base)
    assert base + 29 * max(sizes[:2]) + sizes[2] < 3_000_000


def test_a_setting_that_is_an_empty_table_is_shown() -> None:
    rows = report._flat({"attention": {"window": {"causal": {}}}})
    assert rows == [("attention.window.causal", "{}")]
