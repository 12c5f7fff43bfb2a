"""Where words that were written were heard, and how well that is where they are said."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from regard.config import resolve_config
from regard.inference import Inference
from regard.inputs.sound.recordings import Recordings, Word
from regard.inputs.sound.spoken import SpokenInput
from regard.inputs.sound.view import SpeechView
from regard.outputs.tokens.outcome import TokensOutcome

RATE, HOP = 8000, 0.01


def _seen(texts: list[str], weights: list[Any]) -> tuple[SpokenInput, Inference, Any]:
    said = (Word("one", 0.02, 0.05), Word("two", 0.07, 0.1))
    generator = np.random.default_rng(0)
    waves = tuple(generator.normal(size=960).astype(np.float32) for _ in texts)
    labels = np.array(["one two"] * len(texts), object)
    cases = Recordings(waves, RATE, labels, words=(said,) * len(texts))
    config = resolve_config({"task": "transcribe", "data": {"kind": "arrays"}})
    reader = SpokenInput(config, target="tokens")
    reader.rate_ = RATE

    def outcome(n: int) -> TokensOutcome:
        return TokensOutcome(true="one two", predicted=texts[n], units=(*texts[n].split(), "[END]"))

    return reader, Inference(cases, None, [], {"weights": weights}), outcome


def test_the_localisation_is_that_of_the_frames_whose_middle_is_inside() -> None:
    """Frames 2 to 4 are the first word, 7 to 9 the second."""
    right = np.zeros((3, 12))
    right[0, 2:5], right[1, 7:10], right[2, 11] = 1 / 3, 1 / 3, 1
    reader, seen, outcome = _seen(["one two"], [right])
    found = reader.localisation(seen, outcome)
    assert found == {"localisation_ap": 1.0, "localisation_chance": pytest.approx(0.25)}
    # One frame of each word is found, and the others are no better than those outside.
    peaks = np.zeros((3, 12))
    peaks[0, 3], peaks[1, 9] = 1, 1
    reader, seen, outcome = _seen(["one two"], [peaks])
    wanted = (1 + 2 * 3 / 12) / 3
    assert reader.localisation(seen, outcome)["localisation_ap"] == pytest.approx(wanted)


def test_words_that_are_wrong_count_for_nothing() -> None:
    right = np.zeros((3, 12))
    right[0, 2:5], right[1, :] = 1 / 3, 1 / 12
    right[2, 0] = 1
    swapped = np.zeros((2, 12))
    swapped[0, 7:10] = 1 / 3
    reader, seen, outcome = _seen(["one six", "two", "six"], [right, swapped, swapped])
    assert reader.localisation(seen, outcome)["localisation_ap"] == 1.0
    reader, seen, outcome = _seen(["six"], [swapped])
    assert reader.localisation(seen, outcome) == {}


def test_without_true_stretches_there_is_no_localisation() -> None:
    reader, seen, outcome = _seen(["one two"], [np.ones((3, 12)) / 12])
    unknown = Recordings(seen.cases.waves, RATE)
    assert reader.localisation(replace(seen, cases=unknown), outcome) == {}


def test_the_view_has_words_places_and_sound(tmp_path: Any) -> None:
    rows = np.zeros((3, 12))
    rows[0, 3], rows[1, 8], rows[2, 11] = 1, 1, 1
    reader, seen, outcome = _seen(["one two"], [rows])
    view = reader.view(seen, 0, outcome(0))
    assert isinstance(view, SpeechView)
    assert view.label.endswith("was written, highest at: one 0.04 s, two 0.09 s.")
    page = view.html()
    assert page.count("<audio controls") == 1
    assert "frames show where words are said" in page
    assert "<script" not in page
    ax = view.draw()
    assert [text.get_text() for text in ax.texts] == ["one", "two"]
    assert ax.get_title(loc="left") == "case 0, predicted one two"
    nothing: Any = SimpleNamespace(predicted="", units=("[END]",), answer="", title="")
    silent = reader.view(seen, 0, nothing)
    assert "no word was written" in silent.label
    silent.save(tmp_path / "none.png")
