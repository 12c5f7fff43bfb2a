"""A page that shows the pictures of many cases, and names for their files."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from markupsafe import Markup

from regard.plots.explored import explored
from regard.plots.page import render
from regard.plots.view import CaseView

__all__ = ["album_html", "file_names"]

_LONGEST = 60  # letters, of up to four bytes; file systems allow 255 bytes
# Names that Windows keeps for devices, with any ending.
_DEVICES = {
    "con",
    "prn",
    "aux",
    "nul",
    *(f"{port}{n}" for port in ("com", "lpt") for n in "123456789"),
}


def album_html(title: str, views: Mapping[str, CaseView]) -> str:
    """A page with a picture of each case; no script but regard's own, text from the data escaped.

    Parameters:
        title: of the page.
        views: name of a picture's file, beside the page, to its case; at least one.
    """
    all_views = list(views.values())
    kind = type(all_views[0])
    return render(
        Path(__file__).with_name("album.html"),
        title=title,
        views=views,
        reading=kind.reading(all_views),
        css=Markup(kind.css),  # of the keys in `reading`
        explored=explored(all_views, chosen=", the first ones"),
    )


def file_names(ids: Iterable[str]) -> list[str]:
    """A file name without ending for each id: safe on every system, and no two alike.

    Letters and digits of every script, "-", "_", "." and blanks inside are kept.

    >>> file_names(["store 1", "a/b", "A?B", "..", "nul"])
    ['store 1', 'a_b', 'A_B-2', 'case', 'nul_']
    """
    names: list[str] = []
    taken: set[str] = {"index"}
    for given in ids:
        kept = "".join(each if each.isalnum() or each in "-_. " else "_" for each in given)
        name = kept.strip(" .")[:_LONGEST].strip(" .") or "case"
        if name.partition(".")[0].lower() in _DEVICES:
            name += "_"
        unique, count = name, 1
        while unique.casefold() in taken:
            count += 1
            unique = f"{name}-{count}"
        taken.add(unique.casefold())
        names.append(unique)
    return names
