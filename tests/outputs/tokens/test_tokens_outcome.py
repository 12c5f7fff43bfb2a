"""A predicted text in words."""

import re
from dataclasses import replace

from regard.outputs.tokens.outcome import TokensOutcome

OUTCOME = TokensOutcome(
    true="Ein Mann  schläft .",
    predicted="Ein Hund schläft .",
    score=-0.2514,
    nbest=(("Ein <b>Mann</b>", -0.5), ("", -0.0001)),
)


def _text(element: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", element).split())


def _differing(element: str) -> list[str]:
    return re.findall(r'<mark class="differs">(.*?)</mark>', element)


def test_the_answer_is_the_text() -> None:
    assert OUTCOME.answer == "Ein Hund schläft ."
    assert OUTCOME.title == "predicted Ein Hund schläft ."
    assert OUTCOME.ranked == [
        ("Ein Hund schläft .", "-0.251"),
        ("Ein <b>Mann</b>", "-0.500"),
        ("(empty)", "0.000"),
    ]
    assert not replace(OUTCOME, nbest=()).ranked
    assert replace(OUTCOME, predicted="").answer == "(empty)"
    assert len(replace(OUTCOME, predicted="wort " * 999).title) < 64


def test_right_is_equal_apart_from_white_space() -> None:
    assert OUTCOME.right is False
    assert replace(OUTCOME, predicted=" Ein Mann\tschläft .").right is True
    assert replace(OUTCOME, true=None).right is None
    assert replace(OUTCOME, true="", predicted="").right is True
    assert replace(OUTCOME, predicted="ein Mann schläft .").right is False


def test_lead_and_caption() -> None:
    assert _text(OUTCOME.lead()) == (
        "Ein Hund schläft . Log-probability -0.251 per token. Not equal to the reference."
    )
    assert _text(OUTCOME.caption()) == (
        ": predicted Ein Hund schläft . reference Ein Mann schläft ."
    )
    equal = replace(OUTCOME, true=OUTCOME.predicted, score=None)
    assert _text(equal.lead()) == "Ein Hund schläft . Equal to the reference."
    assert _text(equal.caption()) == ": predicted Ein Hund schläft . , which is the reference"
    alone = replace(OUTCOME, true=None, score=None)
    assert _text(alone.lead()) == "Ein Hund schläft ."
    assert _text(alone.caption()) == ": predicted Ein Hund schläft ."


def test_words_that_differ_are_marked_on_both_sides() -> None:
    assert _differing(OUTCOME.details()) == ["Hund", "Mann"]
    assert _text(OUTCOME.details()) == (
        "Beside the reference predicted Ein Hund schläft . reference Ein Mann schläft ."
    )
    assert _differing(replace(OUTCOME, predicted="Ein Mann .").details()) == ["schläft"]
    assert replace(OUTCOME, true=None).details() == ""
    assert replace(OUTCOME, predicted="Ein Mann schläft .").details() == ""


def test_single_words_are_compared_letter_by_letter() -> None:
    date = TokensOutcome(true="1979-05-03", predicted="1979-06-03")
    assert _differing(date.details()) == ["6", "5"]
    assert "1979-0<" in date.details()
    assert _differing(TokensOutcome(true="你好世界", predicted="你世界").details()) == ["好"]


def test_an_empty_prediction_is_said() -> None:
    empty = replace(OUTCOME, predicted="")
    assert _text(empty.details()).startswith("Beside the reference predicted (empty) reference Ein")
    assert "(empty)" in _text(empty.caption())


def test_what_is_written_is_escaped() -> None:
    hostile = replace(OUTCOME, predicted="<script>x</script> a", true="<script>y</script> a")
    for element in (hostile.lead(), hostile.caption(), hostile.details()):
        assert "<script" not in element
        assert "&lt;script&gt;" in element
