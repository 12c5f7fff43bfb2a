"""Figures of generated texts, by hand and against sacreBLEU."""

import json
import logging

import numpy as np
import pytest
import sacrebleu
from sacrebleu.metrics.bleu import BLEU

from regard.errors import DataError
from regard.outputs.tokens.metrics import bleu, by_length, sentence_scores, translation_metrics
from regard.outputs.tokens.mistakes import mistakes
from regard.outputs.tokens.sentence_bleu import token_bleu

PREDICTED = [
    "Ein Mann in einem blauen Hemd steht auf einer Leiter.",
    "zwei Hunde spielen",
    "Eine  Frau liest ein Buch.",
    "",
]
REFERENCES = [
    "Ein Mann in einem blauen Hemd steht auf einer Leiter und putzt ein Fenster.",
    "Zwei Hunde spielen im Schnee.",
    "Eine Frau liest ein Buch.",
    "Ein Junge springt.",
]


def test_corpus_scores_are_those_of_sacrebleu() -> None:
    found = translation_metrics(PREDICTED, REFERENCES)
    expected = sacrebleu.corpus_bleu(PREDICTED, [REFERENCES])
    lower = sacrebleu.corpus_bleu(PREDICTED, [REFERENCES], lowercase=True)
    assert found["bleu"] == bleu(PREDICTED, REFERENCES) == expected.score
    assert found["bleu_lowercase"] == bleu(PREDICTED, REFERENCES, lowercase=True) == lower.score
    assert lower.score > expected.score  # "zwei" and "Zwei"
    assert found["chrf"] == sacrebleu.corpus_chrf(PREDICTED, [REFERENCES]).score
    sentences = [
        sacrebleu.sentence_chrf(own, [wanted]).score
        for own, wanted in zip(PREDICTED, REFERENCES, strict=True)
    ]
    assert found["sentence_chrf"] == pytest.approx(np.mean(sentences))


def test_figures_by_hand() -> None:
    found = translation_metrics(PREDICTED, REFERENCES)
    assert found["cases"] == 4
    assert found["exact_match"] == 1 / 4  # the third, but for a space
    # Tokens, the full stop being one: 11 + 3 + 6 + 0 of 15 + 6 + 6 + 4.
    assert found["length_ratio"] == pytest.approx(20 / 31)
    assert json.loads(json.dumps(found)) == found


def test_bleu_by_hand() -> None:
    # All words are right; of 3, 2, 1 longer n-grams 2, 1, 0, and 0 of 1 counts as 1/2 of 1.
    product = 4 / 4 * 2 / 3 * 1 / 2 * (1 / 2 / 1)
    expected = 100 * np.exp(1 - 5 / 4) * product ** (1 / 4)
    assert bleu(["a b c d"], ["a b c x d"]) == pytest.approx(expected)


def test_signatures_name_case_and_tokeniser() -> None:
    signatures = translation_metrics(PREDICTED, REFERENCES)["signatures"]
    version = f"version:{sacrebleu.__version__}"
    common = f"eff:no|tok:13a|smooth:exp|{version}"
    assert signatures["bleu"] == f"nrefs:1|case:mixed|{common}"
    assert signatures["bleu_lowercase"] == f"nrefs:1|case:lc|{common}"
    assert signatures["chrf"] == f"nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no|{version}"


@pytest.mark.parametrize(
    ("predicted", "reference", "exact", "ratio"),
    [("", "", 1, None), ("x", "", 0, None), ("", "x", 0, 0), ("a b c d", "a b c d", 1, 1)],
)
def test_texts_that_are_empty_or_equal(
    predicted: str, reference: str, exact: float, ratio: float | None
) -> None:
    found = translation_metrics([predicted], [reference])
    assert (found["exact_match"], found["length_ratio"]) == (exact, ratio)
    assert found["bleu"] == pytest.approx(100 if exact and reference else 0)
    for metric in ("bleu", "chrf", "exact"):
        (score,) = sentence_scores([predicted], [reference], metric)
        assert 0 <= score <= 1


def test_tokenised_text_is_not_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    texts = ["A dog runs ."] * 200
    with caplog.at_level(logging.DEBUG, logger="sacrebleu"):
        translation_metrics(texts, texts)
        by_length(texts, texts, np.arange(200))
        sentence_scores(texts, texts, "bleu")
    assert not caplog.records


def test_as_many_predictions_as_references() -> None:
    with pytest.raises(DataError, match="given 1 for 2 references"):
        translation_metrics(["a"], ["a", "b"])
    with pytest.raises(DataError, match="at least one, given 0 for 0"):
        bleu([], [])


def test_sentence_scores_are_those_of_sacrebleu() -> None:
    pairs = list(zip(PREDICTED, REFERENCES, strict=True))
    expected = [sacrebleu.sentence_bleu(own, [wanted]).score / 100 for own, wanted in pairs]
    assert sentence_scores(PREDICTED, REFERENCES, "bleu") == pytest.approx(expected)
    assert sentence_scores(PREDICTED, REFERENCES, "exact").tolist() == [0, 0, 1, 0]


def test_bins_by_length_hold_as_many_cases() -> None:
    texts = [f"sentence number {n} of the test" for n in range(160)]
    predicted = [text if n < 80 else "something" for n, text in enumerate(texts)]
    rows = by_length(predicted, texts, np.arange(160) + 3)
    assert [row["cases"] for row in rows] == [32] * 5
    assert [(row["from"], row["to"]) for row in rows][:2] == [(3, 34), (35, 66)]
    assert [row["exact_match"] for row in rows] == [1, 1, 0.5, 0, 0]
    expected = sacrebleu.corpus_bleu(predicted[64:96], [texts[64:96]]).score
    assert rows[2]["bleu"] == expected


def test_bins_of_few_cases_are_merged() -> None:
    texts = ["a b c d"] * 100
    # Three quantiles, but 90 sentences are of one length.
    rows = by_length(texts, texts, [5] * 90 + list(range(10, 20)))
    assert [(row["from"], row["to"], row["cases"]) for row in rows] == [(5, 19, 100)]
    rows = by_length(texts, texts, [1] + [5] * 59 + [9] * 40)
    assert [(row["from"], row["to"], row["cases"]) for row in rows] == [(1, 5, 60), (9, 9, 40)]
    assert len(by_length(texts[:59], texts[:59], np.arange(59))) == 1


def test_a_length_for_each_case() -> None:
    with pytest.raises(DataError, match=r"lengths: .* 2 cases, given \[3\]"):
        by_length(["a", "b"], ["a", "b"], [1, 2, 3])


def test_bleu_of_tokens_is_sacrebleu_with_one_added() -> None:
    measure = BLEU(smooth_method="add-k", smooth_value=1, tokenize="none", effective_order=True)
    generator = np.random.default_rng(0)
    found = []
    for _ in range(300):
        own, reference = (generator.integers(0, 5, generator.integers(1, 9)) for _ in range(2))
        texts = [" ".join(map(str, ids)) for ids in (own, reference)]
        expected = measure.sentence_score(texts[0], [texts[1]]).score / 100
        found.append(token_bleu(own.tolist(), reference.tolist()))
        assert found[-1] == pytest.approx(expected)
    assert min(found) == 0
    assert max(found) > 0.8


def test_bleu_of_tokens_by_hand() -> None:
    # Clipped: of three 7s one counts. (1/3 · (0+1)/(2+1) · (0+1)/(1+1) · 1)^(1/4), no brevity.
    assert token_bleu([7, 7, 7], [7, 8]) == pytest.approx((1 / 3 * 1 / 3 * 1 / 2) ** 0.25)
    assert token_bleu([7, 8], [7, 8, 9, 9]) == pytest.approx(np.exp(1 - 4 / 2))
    assert token_bleu([4, 5, 6, 7, 8], [4, 5, 6, 7, 8]) == 1
    assert token_bleu([], [4]) == token_bleu([4], []) == token_bleu([], []) == 0


MISTAKEN = [
    # source, reference, predicted, kinds
    ("A dog runs .", "Ein Hund rennt.", "Ein Hund rennt.", []),
    ("A dog runs .", "Ein Hund rennt.", " ", ["empty"]),
    ("A dog runs 3 km .", "Ein Hund rennt 3 km.", "", ["empty"]),
    ("A dog runs .", "Ein Hund rennt.", "Ein Hund", ["too short"]),  # 7 of 13 characters
    ("A dog runs .", "Ein Hund rennt.", "Ein Hund rennt auf einer Wiese.", ["too long"]),
    ("A dog runs .", "Ein Hund rennt.", "Ein Hund, Hund rennt.", ["repeated"]),
    ("in a box in a house", "in der in der Kiste", "in der in der Kiste", []),
    ("a b", "im Haus, im Wald", "im Haus im Haus", ["repeated"]),
    ("A dog runs .", "Ein Hund rennt.", "Ein dog rennt.", ["untranslated"]),
    ("The park in May .", "Der Park am Abend.", "Der Park in Abend.", []),  # "in" is German too
    ("A dog runs .", "Ein Hund rennt.", "Ein ⁇ rennt.", ["unknown token"]),
    ("3 May 1979", "1979-05-03", "1979-05-30", ["wrong number"]),
    ("on 3 May", "am 3.", "am 3", []),
]


@pytest.mark.parametrize(("source", "reference", "predicted", "kinds"), MISTAKEN)
def test_kinds_of_mistakes(source: str, reference: str, predicted: str, kinds: list[str]) -> None:
    sources, references, _, _ = zip(*MISTAKEN, strict=True)
    rows = mistakes([predicted, *references], [reference, *references], [source, *sources])
    assert [row["kind"] for row in rows if row["cases"]] == kinds
    assert all(row["examples"] == [0] for row in rows if row["cases"])


def test_mistakes_have_five_examples_and_may_do_without_a_source() -> None:
    rows = mistakes(["x"] * 9, ["a longer reference"] * 9)
    assert [row["kind"] for row in rows] == [
        "empty",
        "too short",
        "too long",
        "repeated",
        "unknown token",
        "wrong number",
    ]
    (short,) = [row for row in rows if row["cases"]]
    assert (short["kind"], short["cases"], short["examples"]) == ("too short", 9, [0, 1, 2, 3, 4])
    with pytest.raises(DataError, match="sources: wanted one for each of 1 predictions, given 2"):
        mistakes(["a"], ["a"], ["b", "c"])
