"""The report of a model that generates texts."""

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from regard.inputs.text.alignment_view import AlignmentView
from regard.outputs.tokens.metrics import by_length, translation_metrics
from regard.outputs.tokens.mistakes import mistakes
from regard.outputs.tokens.outcome import TokensOutcome
from regard.outputs.tokens.report import TokensReport
from regard.plots import report_html

HOSTILE = "<script>alert(1)</script> $_"
TRUTH = ["Ein Mann schläft.", f"Zwei Frauen {HOSTILE}", "Ein Hund läuft."]
PREDICTED = ["Ein Mann schläft.", HOSTILE, ""]


def _view(n: int) -> AlignmentView:
    return AlignmentView(
        id=f"{n} {HOSTILE}",
        source=["A", HOSTILE, "[END]"],
        target=[*PREDICTED[n].split(), "[END]"],
        weights=np.full((len(PREDICTED[n].split()) + 1, 3), 1 / 3),
        outcome=TokensOutcome(true=TRUTH[n], predicted=PREDICTED[n]),
    )


def _report(**metrics: Any) -> TokensReport:
    return TokensReport(
        title=HOSTILE,
        metrics={
            **translation_metrics(PREDICTED, TRUTH),
            "by_length": by_length(PREDICTED, TRUTH, [3, 5, 4]),
            "mistakes": mistakes(PREDICTED, TRUTH),
            "fit_seconds": 83.4,
            "parameters": 31234,
            "epochs": 2,
            **metrics,
        },
        history=[{"epoch": n, "loss": 1 / n} for n in range(1, 5)],
        config={"seed": 7, "versions": {"torch": "2.10"}},
        notes=[HOSTILE],
        examples=[_view(n) for n in range(3)],
        mistakes=[_view(2), _view(1)],
        predicted=PREDICTED,
        truth=TRUTH,
    )


def _text(page: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", page[page.index("<body>") :]).split())


def _headings(page: str) -> list[str]:
    return re.findall(r"<h2[^>]*>([^<]*)</h2>", page)


def _figures(page: str) -> list[str]:
    return re.findall(r"<dt>([^<]*)</dt>", page)


def test_it_is_escaped_and_self_contained() -> None:
    page = report_html(_report(by_length_without=_report().metrics["by_length"], baseline=HOSTILE))
    assert "<script" not in page
    namespaces = {"http://www.w3.org/1999/xlink", "http://www.w3.org/2000/svg"}
    assert set(re.findall(r"https?://[^\"' <]+", page)) <= namespaces
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    referred = re.findall(r"url\(#([^)]+)\)", page) + re.findall(r'href="#([^"]+)"', page)
    assert set(referred) <= set(ids)
    assert page.count('class="map') == 5


def test_the_sections() -> None:
    page = report_html(_report())
    assert _headings(page) == [
        "Metrics", "By length of the source", "Examples", "Worst predictions", "Kinds of mistakes",
        "Training", "Configuration",
    ]  # fmt: skip
    text = _text(page)
    assert "31,234 parameters, trained for 2 epochs in 83.4 s." in text
    assert "2 of 3 test cases, the least like its reference first." in text
    assert text.count("How to read this") == 1
    assert "seed 7" in text


@pytest.mark.parametrize("exact", [False, True])
def test_the_figure_that_makes_sense_comes_first(exact: bool) -> None:
    page = report_html(_report(exact_match=2 / 3 if exact else 1 / 3, bleu=41.25))
    text = _text(page)
    first, lead = ("Exact match", "2 of 3 test cases were predicted exactly.") if exact else (
        "BLEU", "BLEU is 41.2 on 3 test cases.",
    )  # fmt: skip
    assert _figures(page)[0] == first
    assert sorted(_figures(page)) == [
        "BLEU", "BLEU, lowercased", "Exact match", "Length ratio", "chrF",
    ]  # fmt: skip
    assert lead in text
    assert text.count("case:mixed|eff:no|tok:13a") == 1
    assert text.count("case:lc|eff:no|tok:13a") == 1


def test_sources_longer_than_trained_on_have_a_figure() -> None:
    page = report_html(_report(longer_exact_match=0.25))
    assert _figures(page)[-1] == "Exact match, longer sources"
    assert "their localisation" not in page
    assert "0.2500 The exact match of further test cases" in _text(page)
    page = report_html(_report(longer_exact_match=0.25, longer_localisation_ap=0.75))
    assert "than any trained on; their localisation is 0.7500." in _text(page)


def test_lengths_stand_beside_those_of_a_model_without_attention() -> None:
    rows = [
        {"from": 1, "to": 7, "cases": 1031, "bleu": 41.234, "exact_match": 0.25},
        {"from": 8, "to": 8, "cases": 31, "bleu": 31.0, "exact_match": 0.125},
    ]
    others = [{**row, "bleu": row["bleu"] / 2} for row in rows]
    text = _text(report_html(_report(by_length=rows, by_length_without=others)))
    assert "BLEU without attention" in text
    assert "1–7 1,031 41.23 0.2500 20.62 8 31 31.00 0.1250 15.50" in text
    assert "The dashed line is the model without attention." in text
    alone = _text(report_html(_report(by_length=rows)))
    assert "1–7 1,031 41.23 0.2500 8 31 31.00 0.1250" in alone
    assert "without attention" not in alone


def test_kinds_of_mistakes_have_an_example_each() -> None:
    page = report_html(_report())
    table = page[page.index('class="kinds"') :]
    rows = re.findall(
        r'<tr><th scope="row">(\w[\w ]*)<br>.*?<td>([\d,]+)</td><td>(.*?)</td>', table
    )
    said = {kind: (count, _text(f"<body>{example}")) for kind, count, example in rows}
    assert said["empty"] == ("1", "predicted (empty) reference Ein Hund läuft.")
    assert set(said) == {row["kind"] for row in _report().metrics["mistakes"] if row["cases"]}


def test_what_is_not_known_is_left_out() -> None:
    bare = _report(by_length=[], mistakes=[], length_ratio=None)
    page = report_html(replace(bare, examples=[], mistakes=[]))
    assert _headings(page) == [
        "Metrics", "Examples", "Worst predictions", "Training", "Configuration",
    ]  # fmt: skip
    assert "Localisation" not in page
    assert "How to read this" not in page
    perfect = _report(exact_match=1.0)
    assert "every prediction equals its reference" in report_html(replace(perfect, mistakes=[]))


def test_localisation_is_of_words_and_not_of_steps() -> None:
    text = _text(report_html(_report(localisation_ap=0.9375, localisation_chance=0.125)))
    assert "Localisation AP 0.9375 How well the weights rank the source words" in text
    assert "random weights reach about 0.1250." in text
    assert "steps" not in text
