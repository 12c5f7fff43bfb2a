"""One text on a page or in a picture file."""

from pathlib import Path

from markupsafe import Markup
from matplotlib.axes import Axes

from regard.plots._fragments import Fragment, TextView, looked_at_most, passages
from regard.plots._page import render
from regard.plots._save import picture_writers, write_file
from regard.plots._style import TINT
from regard.plots.words import plot_text, text_axes

__all__ = ["save_text", "text_block", "text_html"]


def text_html(view: TextView) -> str:
    """A self-contained page of one text: no network, no scripts, text from data escaped.

    Raises:
        DataError: the view's spans and weights do not go together.
    """
    most = looked_at_most(view.text, view.words, view.weights)
    return render("text.html", view=view, block=text_block(view), most=most)


def save_text(view: TextView, path: str | Path, *, overwrite: bool = False) -> None:
    """Write one text as a picture or a page.

    Parameters:
        view: the text.
        path: ends in .png, .svg or .html, which says what is written.
        overwrite: whether a file that exists may be replaced.

    Raises:
        ConfigError: the path ends in something else.
        DataError: the view's spans and weights do not go together.
        RunError: the file exists, or cannot be written.
    """
    writers = picture_writers(lambda: _draw(view))
    writers[".html"] = lambda: text_html(view).encode()
    write_file(path, writers, overwrite=overwrite)


def text_block(view: TextView) -> Markup:
    """The text as an element of a page, its words tinted by their weights."""
    found = passages(
        view.text,
        view.words,
        view.weights,
        sentences=view.sentences,
        sentence_weights=view.sentence_weights,
    )
    rows = []
    for passage in found:
        words = Markup("").join(map(_word, passage.fragments))
        if passage.strength is None:
            rows.append(words)
            continue
        bar = Markup('<span class="bar" style="--s:{}" title="sentence {}"></span>').format(
            f"{passage.strength:.3f}", f"{passage.weight:.4f}"
        )
        rows.append(Markup('<div class="sentence">{}<span>{}</span></div>').format(bar, words))
    kind = "text sentences" if found[0].strength is not None else "text"
    return Markup('<div class="{}" dir="auto">{}</div>').format(kind, Markup("").join(rows))


def _word(fragment: Fragment) -> Markup:
    """Escaped; a tint that could not be seen is left out, which halves a long page."""
    if fragment.strength is None or fragment.weight is None:
        return Markup.escape(fragment.text)
    tint = TINT * fragment.strength
    if tint < 0.005:
        return Markup.escape(fragment.text)
    return Markup('<span class="word" style="--s:{}" title="{}">{}</span>').format(
        f"{tint:.3f}", f"{fragment.weight:.4f}", fragment.text
    )


def _draw(view: TextView) -> Axes:
    found = passages(
        view.text,
        view.words,
        view.weights,
        sentences=view.sentences,
        sentence_weights=view.sentence_weights,
    )
    ax = plot_text(view, ax=text_axes(found, width=8.0, above=0.3))
    ax.set_title(view.title, loc="left", pad=8, parse_math=False)
    return ax
