"""Chord symbols such as Dm7 or F#7b9/A: their notes, and the same chord in another key."""

import re
from collections.abc import Collection, Iterator
from itertools import chain, product

from regard.inputs.music.pieces import HELD, REST

__all__ = ["chord_pitches", "transpose"]

_LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_SIGNS = {"b": -1, "♭": -1, "#": 1, "♯": 1}
_USUAL = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_OTHERS = ("B#", "C#", "D", "D#", "Fb", "E#", "Gb", "G", "G#", "A", "A#", "Cb")
_NO_CHORD = {"N.C.", "N.C", "NC", "N"}

# A root stands at the start, after a bracket or, as the bass, after a slash. Brackets hold another
# chord for the same place, or alterations such as (b9) and (Add9).
_ROOT = r"[A-G](?:bb?|##?|♭|♯)?(?!dd|lt|ug|im|om)"
_ROOTS = re.compile(rf"(?<![^(/]){_ROOT}")
_CHORD = re.compile(rf"({_ROOT})(.*?)(?:/({_ROOT}))?")
_OTHER = re.compile(rf"\(({_ROOT}[^()]*)\)")

_TOKEN = re.compile(
    r"(?P<major>maj|ma(?!ug)|Maj|M|j)|(?P<seventh>[Δ^])|(?P<minor>min|mi|m)"
    r"|(?P<half>ø|h)|(?P<diminished>dim|o|0|°)|(?P<augmented>aug)"
    r"|(?P<suspended>sus[24]?)|(?P<altered>alt)"
    r"|(?:add|Add)(?P<added>[b#♭♯]?\d+)|(?:no|omit)(?P<without>[35])"
    r"|(?P<change>(?:[b#♭♯]|(?<=\d)[+-])\d+)"
    r"|(?P<plus>\+)|(?P<minus>[-−])|(?P<number>6/?9|13|11|9|7|6|5)|[/(), ]"
)

_NATURAL = {3: 4, 5: 7, 6: 9, 2: 14, 9: 14, 4: 17, 11: 17, 13: 21}
_STACKED = {
    "5": [],
    "6": [6],
    "69": [6, 9],
    "6/9": [6, 9],
    "7": [7],
    "9": [7, 9],
    "11": [7, 9, 11],
    "13": [7, 9, 13],
}


def chord_pitches(symbol: str) -> tuple[int, ...]:
    """The notes of a chord symbol: its bass from C2, then what is above the root, from C3.

    A chord in brackets after another one is left out. A symbol that cannot be read gives the major
    triad of its root, and no notes if it has none.

    Parameters:
        symbol: root, quality, extensions, alterations and bass, in any of the usual spellings.

    Returns:
        MIDI numbers, ascending.

    >>> chord_pitches("C7"), chord_pitches("C/E")
    ((36, 48, 52, 55, 58), (40, 48, 52, 55))
    """
    found = _CHORD.fullmatch(_main(symbol))
    if not found:
        return ()
    root, quality, bass = found.groups()
    low = 48 + _pitch_class(root)
    above = _intervals(quality) or {0, 4, 7}
    return (36 + _pitch_class(bass or root), *sorted(low + interval for interval in above))


def transpose(event: str, semitones: int, known: Collection[str] = ()) -> str | None:
    """The same event so many semitones higher.

    A rest stays one. Of a chord the root, the bass and a chord in brackets move.

    Parameters:
        event: a note, a rest or a chord symbol.
        semitones: negative for lower.
        known: chord symbols of which one is taken, if one is the same chord.

    Returns:
        The event, None where a note leaves 0 to 127 or a symbol has no root.

    >>> transpose("60~", 2), transpose("D7/F#", -1), transpose("D7/F#", -1, {"C#7/F"})
    ('62~', 'Db7/F', 'C#7/F')
    """
    number = event.removesuffix(HELD)
    if number.isdecimal():
        moved = int(number) + semitones
        return f"{moved}{event[len(number) :]}" if 0 <= moved <= 127 else None
    if event == REST or event in _NO_CHORD:
        return event
    if not _ROOTS.search(event):
        return None
    if semitones % 12 == 0:
        return event
    spelled = list(_spelled(event, semitones))
    return next((chord for chord in spelled if chord in known), spelled[0])


def _spelled(chord: str, semitones: int) -> Iterator[str]:
    """The moved chord in all spellings, the usual one first."""
    classes = [(_pitch_class(root) + semitones) % 12 for root in _ROOTS.findall(chord)]
    between = _ROOTS.split(chord)
    for names in product(*((_USUAL[at], _OTHERS[at]) for at in classes)):
        yield "".join(chain.from_iterable(zip(between, (*names, ""), strict=True)))


def _main(symbol: str) -> str:
    """The symbol without other chords in brackets; the first of them if it has no own."""
    own = _OTHER.sub("", symbol).strip()
    other = _OTHER.search(symbol)
    return other[1] if other and not own else own


def _pitch_class(name: str) -> int:
    return (_LETTERS[name[0]] + sum(_SIGNS[sign] for sign in name[1:])) % 12


def _intervals(quality: str) -> set[int]:
    """Semitones above the root; empty if the quality cannot be read."""
    degrees: dict[int, set[int]] = {1: {0}, 3: {4}, 5: {7}}
    seventh, at = 10, 0
    while found := _TOKEN.match(quality, at):
        at = found.end()
        kind, text = found.lastgroup, found[found.lastgroup or 0]
        match kind:
            case "major" | "seventh":
                seventh = 11
                if kind == "seventh":
                    degrees[7] = set()
            case "minor" | "minus":
                degrees[3] = {3}
            case "diminished":
                degrees[3], degrees[5], seventh = {3}, {6}, 9
            case "half":
                degrees |= {3: {3}, 5: {6}, 7: set()}
            case "augmented" | "plus":
                degrees[5] = {8}
            case "suspended":
                degrees[3] = {2 if text == "sus2" else 5}
            case "altered":
                degrees |= {5: {8}, 7: set(), 9: {13, 15}}
            case "without":
                degrees[int(text)] = set()
            case "number":
                degrees |= {degree: {_NATURAL.get(degree, 0)} for degree in _STACKED[text]}
                if text == "5":
                    degrees[3] = set()
            case "added" | "change":
                sign, degree = _alteration(text)
                if degree not in _NATURAL:
                    return set()
                natural = _NATURAL[degree]
                degrees[degree] = degrees.get(degree, set()) - {natural} | {natural + sign}
    if at < len(quality):
        return set()
    if 7 in degrees:
        degrees[7] = {seventh}
    return set().union(*degrees.values())


def _alteration(text: str) -> tuple[int, int]:
    """-1, 0 or 1 and the degree, such as (-1, 9) of b9."""
    degree = text.lstrip("b#♭♯+-")
    sign = {"+": 1, "-": -1, **_SIGNS}.get(text[0], 0)
    return sign, int(degree)
