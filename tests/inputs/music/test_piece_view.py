"""A piece as a picture, a page, as sound and in a terminal."""

import io
import re
from base64 import b64decode
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from regard.errors import DataError
from regard.inputs.music.view import PieceView
from regard.plots.outcome import Outcome

EVENTS = np.array([["72", "48"], ["74", "48~"], ["76", "-"], ["77", "53"], ["79", "55"]])
WRITTEN = np.array([[False, False], [False, True], [False, True], [False, True], [False, True]])


@dataclass(frozen=True)
class _Said(Outcome):
    answer: str = "4 notes <b>"


def _weights(events: int = 10) -> Any:
    """Every event looks at the one before it, and at the first."""
    looks = np.zeros((events, events))
    looks[np.arange(1, events), np.arange(events - 1)] = 0.75
    looks[:, 0] += 0.25
    return looks


def _view(**changes: Any) -> PieceView:
    given: dict[str, Any] = {
        "id": "7",
        "outcome": _Said(),
        "events": EVENTS,
        "kind": "voices",
        "voices": ("<i>high</i>", "low"),
        "weights": _weights(),
        "written": WRITTEN,
        "probabilities": np.linspace(0.05, 0.5, 10).reshape(5, 2),
    }
    return PieceView(**given | changes)


def _chords(**changes: Any) -> PieceView:
    given = {
        "events": np.array([["Dm7"], ["G7"], ["<b>"]]),
        "kind": "chords",
        "voices": (),
        "weights": _weights(3),
        "written": np.array([[False], [True], [True]]),
        "probabilities": None,
    }
    return _view(**given | changes)


def test_a_page_is_one_file_without_scripts_and_its_texts_are_escaped() -> None:
    for page in (_view().html(), _chords().html()):
        assert "<script" not in page
        assert "<i>high" not in page
        assert "notes &lt;b&gt;" in page
        assert page.count("<b>") == 0
        links = re.findall(r'(?:src|href)="([^"]*)"', page)
        assert all(link.startswith(("data:", "#")) for link in links)
    assert "&lt;i&gt;high" in _view().html()


def test_every_written_note_can_be_pointed_at() -> None:
    page = _view().html()
    titles = re.findall(r'<g class="event[^"]*" tabindex="0"><title>([^<]*)</title>', page)
    assert titles == [
        "low C3 at step 1, probability 0.200",
        "low F3 at step 3, probability 0.400",
        "low G3 at step 4, probability 0.500",
    ]
    assert page.count('class="event chosen"') == 1
    assert "At first it is the low G3 at step 4" in page


def test_what_a_note_looked_at_is_tinted_where_it_is_drawn() -> None:
    """The shapes lie over the bars of the notes, as the SVG has them."""
    page = _view().html()
    [chosen] = re.findall(r'class="event chosen".*?<g>(.*?)</g></g>', page)
    shapes = re.findall(r'opacity="([\d.]+)" d="M([\d.]+) ([\d.]+)h([\d.]+)v([\d.]+)', chosen)
    strong, weak = sorted(tuple(map(float, shape)) for shape in shapes)[::-1]
    assert strong[0] > 2 * weak[0]
    x, y, wide, high = weak[1:]
    first = re.search(r'd="M ([\d.]+) ([\d.]+) \nL ([\d.]+) [\d.]+ \n[^"]*"[^>]*#2380c8', page)
    assert first
    left, bottom, right = map(float, first.groups())  # of the bar of the first note
    assert x < left < right == pytest.approx(x + wide, abs=0.1)
    assert y + high / 2 < bottom < y + high  # bars are thin, and in the middle of their tints


def test_the_least_probable_notes_are_listed_first() -> None:
    page = _view().html()
    rows = re.findall(r"<tr><td>(\d+)</td><td>low</td><td>(\w+)</td><td>([\d.]+)</td>", page)
    assert rows == [("1", "C3", "0.200"), ("3", "F3", "0.400"), ("4", "G3", "0.500")]
    assert "G5 at step 4 (0.75)" in page
    assert "all, the least probable first" in page


def test_a_model_without_attention_has_a_page() -> None:
    page = _view(weights=np.zeros((10, 10)), probabilities=None).html()
    assert "Point at a" not in page
    assert "<details" not in page


def test_a_long_piece_stays_a_small_page() -> None:
    rng = np.random.default_rng(0)
    events = rng.integers(40, 80, (200, 8)).astype(str)
    weights = np.tril(rng.dirichlet(np.full(1600, 0.02), 1600), -1)
    view = _view(
        events=events,
        voices=[f"voice {n}" for n in range(8)],
        weights=weights,
        written=np.ones((200, 8), bool),
        probabilities=None,
    )
    page = view.html()
    assert len(page) < 2e6
    assert len(re.findall(r'class="event[ "]', page)) == 1200
    assert "300 of 1600" in page


def test_the_whole_piece_can_be_heard() -> None:
    player = str(_view(per_quarter=2.0).player())
    assert 'aria-label="Piece 7"' in player
    [data] = re.findall(r"data:audio/mpeg;base64,([^\"]*)", player)
    samples, rate = soundfile.read(io.BytesIO(b64decode(data)))
    assert len(samples) / rate == pytest.approx(5 * 60 / 90 / 2, abs=0.15)  # mp3 has whole frames
    assert np.abs(samples).max() > 0.1


def test_a_terminal_has_a_row_for_each_voice() -> None:
    lines = _view(voices=("high", "low")).terminal(colour=False, width=80).plain.splitlines()
    assert [line.rstrip() for line in lines] == [
        "step  0     1     2     3     4",
        "high  C5    D5    E5    F5    G5",
        " low  C3    C3    rest  F3   [G3]",
        "low G3 at step 4 looked at: high G5 at step 4 0.75, high C5 at step 0 0.25",
    ]
    narrow = _view().terminal(colour=False, width=30).plain.splitlines()
    assert all(len(line) <= 30 for line in narrow[:-1])
    tinted = _view().terminal(colour=True, width=80)
    assert tinted.spans
    assert not _view().terminal(colour=False, width=80).spans


def test_a_terminal_has_chords_in_lines() -> None:
    lines = _chords().terminal(colour=False).plain.splitlines()
    assert lines[0].rstrip() == "   0  Dm7  G7  [<b>]"
    assert lines[1] == "<b> at step 2 looked at: G7 at step 1 0.75, Dm7 at step 0 0.25"


def test_the_last_written_note_is_chosen() -> None:
    assert _view().chosen == (4, 1)
    assert _view(note=(1, 1)).chosen == (1, 1)
    assert _view(written=np.zeros((5, 2), bool)).chosen == (4, 1)
    ends = EVENTS.copy()
    ends[4, 1] = "-"
    assert _view(events=ends).chosen == (3, 1)


def test_pictures_are_written(tmp_path: Path) -> None:
    for view in (_view(id=""), _chords(), _view(kind="notes", voices=(), probabilities=None)):
        for name in ("a.png", "a.svg", "a.html"):
            view.save(tmp_path / name, overwrite=True)
            assert (tmp_path / name).stat().st_size > 1000
        assert "4 notes &lt;b&gt;" in (tmp_path / "a.svg").read_text()


def test_a_report_has_the_picture_and_the_sound() -> None:
    element = _view().picture("e0")
    assert "<svg" in element
    assert "<audio" in element
    assert "Case 7: a piece of 5 steps. The low G3 at step 4 looked most at" in element


def test_the_explanation_says_what_is_drawn() -> None:
    assert "Pale notes were given" in PieceView.reading([_view()])
    assert "dots below" in PieceView.reading([_view()])
    plain = _view(written=np.ones((5, 2), bool), probabilities=None)
    assert "Pale" not in PieceView.reading([plain])
    assert "lines of eight" in PieceView.reading([_chords()])


def test_a_warning_is_shown() -> None:
    assert "One voice is never heard." in _view(warning="one voice is never heard").html()
    assert "never heard" in _view(warning="one voice is never heard").said


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"events": EVENTS[0]}, r"events: wanted \[steps, voices\], given the shape \[2\]"),
        ({"kind": "chords"}, "events: wanted one chord in each step, given 2"),
        ({"voices": ("a",)}, "voices: wanted 2 names, given 1"),
        ({"weights": _weights(9)}, r"weights: wanted the shape \[10, 10\], given \[9, 9\]"),
        ({"written": WRITTEN.T}, r"written: wanted the shape \[5, 2\], given \[2, 5\]"),
        ({"probabilities": WRITTEN.T}, r"probabilities: wanted the shape \[5, 2\]"),
        ({"note": (0, 2)}, r"note: wanted a step and a voice of \[5, 2\], given \(0, 2\)"),
    ],
)
def test_what_does_not_fit_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(DataError, match=words):
        _view(**changes)
