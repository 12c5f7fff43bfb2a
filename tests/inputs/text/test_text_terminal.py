"""A text for a terminal: tints where there is colour, a list where there is none."""

import io
from dataclasses import replace

import numpy as np
from rich.console import Console

from regard.inputs.text.view import TextView
from regard.outputs.classes.outcome import ClassOutcome

TEXT = "[bold]Not[/] bad\x1b[31m, really."
VIEW = TextView(
    id="1",
    text=TEXT,
    words=np.array([[6, 9], [13, 16], [23, 29]]),
    weights=np.array([0.75, 0.25, 0.0]),
    known=3,
    outcome=ClassOutcome(true=None, predicted="positive", probability=None),
)


def _printed(view: TextView, *, system: str | None, colour: bool = True, width: int = 80) -> str:
    file = io.StringIO()
    console = Console(file=file, force_terminal=system is not None, width=width)
    if system is not None:
        console._color_system = {"256": 2, "standard": 1}[system]  # type: ignore[assignment]
    console.print(view.terminal(colour=colour, width=width))
    return file.getvalue()


def test_only_the_words_that_were_looked_at_are_coloured() -> None:
    text = VIEW.terminal(colour=True)
    assert text.plain == TEXT.replace("\x1b", " ")
    spans = {text.plain[span.start : span.end]: span.style for span in text.spans}
    # 0.25 is a quarter of the scale, which ends at four times the mean, 4 / 3.
    assert list(spans) == ["Not", "bad"]
    assert "color(209)" in str(spans["Not"])
    assert "color(223)" in str(spans["bad"])


def test_the_terminal_gets_256_colours() -> None:
    printed = _printed(VIEW, system="256")
    assert "\x1b[38;5;16;48;5;209mNot\x1b[0m" in printed
    assert printed.count("\x1b[31m") == 0


def test_without_colour_the_words_are_listed() -> None:
    assert not VIEW.terminal(colour=False).spans
    printed = _printed(VIEW, system=None, colour=False)
    assert "\x1b" not in printed
    assert printed.splitlines() == [
        "[bold]Not[/] bad [31m, really.",
        "highest attention: Not 0.75, bad 0.25",
    ]


def test_a_text_without_words_looks_at_nothing() -> None:
    empty = replace(VIEW, text="", words=np.zeros((0, 2), int), weights=np.zeros(0))
    assert empty.terminal(colour=False).plain == "\nhighest attention: none"


def test_lines_are_as_wide_as_asked() -> None:
    text = "word " * 40 + "x" * 90 + " 日本語" * 9
    long = replace(VIEW, text=text, words=np.array([[0, 4]]), weights=np.ones(1))
    lines = long.terminal(colour=False, width=23).split("\n")
    assert max(line.cell_len for line in lines) <= 23
    plain = "".join(line.plain for line in lines[:-2]).replace(" ", "")
    assert plain.startswith(text.replace(" ", "")[:200])


def test_each_sentence_begins_a_line_behind_its_bar() -> None:
    view = replace(
        VIEW,
        text="One two. Three!",
        words=np.array([[0, 3], [4, 7], [9, 14]]),
        sentences=np.array([[0, 8], [9, 15]]),
        sentence_weights=np.array([1.0, 0.0]),
    )
    assert view.terminal(colour=True).plain == "▅ One two.\n▁ Three!"
    assert view.terminal(colour=True, width=6).plain == "▅ One\n  two.\n▁ Thre\n  e!"
