import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from regard.data import Pieces, read_charts, read_progressions
from regard.errors import DataError

needs_data = pytest.mark.skipif("REGARD_DATA" not in os.environ, reason="REGARD_DATA is not set")


def _tune(title: str, *sections: tuple[str, ...]) -> dict[str, Any]:
    return {
        "Title": title,
        "Sections": [
            {
                "Repeats": 1,
                "MainSegment": {"Chords": main},
                **({"Endings": [{"Chords": each} for each in endings]} if endings else {}),
            }
            for main, *endings in sections
        ],
    }


def _charts(folder: Path, content: Any, **options: Any) -> Pieces:
    path = folder / "charts.json"
    path.write_text(json.dumps(content))
    return read_charts(path, **options)


def _lines(folder: Path, content: str, **options: Any) -> Pieces:
    path = folder / "chords.txt"
    path.write_text(content)
    return read_progressions(path, **options)


def test_chords_come_in_order_with_every_ending_once(tmp_path: Path) -> None:
    found = _charts(tmp_path, [_tune("One", ("C|F7, G7,|", "Am", "Dm,G7"), ("Bb7#11/D",))])
    assert (found.kind, found.ids.tolist()) == ("chords", ["One"])
    assert " ".join(found.events[0][:, 0]) == "C F7 G7 Am Dm G7 Bb7#11/D"


def test_titles_are_made_unique(tmp_path: Path) -> None:
    titles = ["A", "A", "A (2)", "A", "B"]
    found = _charts(tmp_path, [_tune(title, ("C",)) for title in titles])
    assert found.ids.tolist()[0] == "A"
    assert len(set(found.ids.tolist())) == 5


def test_tunes_without_chords_may_be_left_out(tmp_path: Path) -> None:
    given = [_tune("One", ("C",)), _tune("Two", ("|",))]
    with pytest.raises(
        DataError, match=r"charts\.json, tune 1 \(Two\): it has no chord; pass miss"
    ):
        _charts(tmp_path, given)
    skipped = _charts(tmp_path, given, missing="skip")
    assert skipped.ids.tolist() == ["One"]
    assert skipped.notes == ("1 of 2 cases is left out: it has no chord (tune 1 (Two))",)
    assert _charts(tmp_path, given, missing="keep").lengths.tolist() == [1, 0]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({}, r": wanted a list of tunes, such as"),
        ([], ": has no tunes; wanted a list of tunes, such as"),
        ([3], ", tune 0: wanted Title and Sections, each with a MainSegment with Chords"),
        ([_tune("A", ("C",)), {"Title": "B"}], ", tune 1: wanted Title and Sections"),
        ([{"Title": "B", "Sections": [{"MainSegment": {"Chords": ["C"]}}]}], ", tune 0: wanted"),
    ],
)
def test_what_is_no_chart_is_one_clear_line(tmp_path: Path, content: Any, message: str) -> None:
    with pytest.raises(DataError) as caught:
        _charts(tmp_path, content)
    assert str(caught.value).startswith(f"{tmp_path / 'charts.json'}{message}")


def test_lines_are_progressions_of_any_symbols(tmp_path: Path) -> None:
    found = _lines(tmp_path, "Dm7 G7 | Cmaj7\n|F#ø, ?|\n")
    assert (found.kind, found.ids.tolist()) == ("chords", ["1", "2"])
    assert [piece[:, 0].tolist() for piece in found.events] == [
        ["Dm7", "G7", "Cmaj7"],
        ["F#ø,", "?"],
    ]


def test_lines_without_a_chord_are_refused_or_left_out(tmp_path: Path) -> None:
    given = "C\n\n | |\nG\n"
    with pytest.raises(DataError) as caught:
        _lines(tmp_path, given)
    wanted = f"{tmp_path / 'chords.txt'}, line 2: it has no chord; also line 3; pass missing='skip'"
    assert str(caught.value) == wanted
    assert _lines(tmp_path, given, missing="skip").ids.tolist() == ["1", "4"]
    with pytest.raises(DataError, match=r"chords\.txt is empty"):
        _lines(tmp_path, "\n")


@needs_data
def test_the_published_charts_are_read() -> None:
    folder = Path(os.environ["REGARD_DATA"], "music", "jazz_standards")
    found = read_charts(folder / "JazzStandards.json")
    chords = np.concatenate(found.events)
    assert (len(found), len(chords), len(np.unique(chords))) == (1382, 55_272, 1377)
    assert found.ids[0] == "9.20 Special"
    assert "".join(found.events[0][:6, 0]) == "D9Fm6D9Fm6CC7"
