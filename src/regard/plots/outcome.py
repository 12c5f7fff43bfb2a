"""A prediction in pictures, pages and reports."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from markupsafe import Markup

from regard.plots.format import one_line

__all__ = ["Outcome"]


class Outcome(ABC):
    """The prediction for a case and, if it is known, the truth. Each output has a subclass."""

    @property
    @abstractmethod
    def answer(self) -> str:
        """The prediction in a few words, such as "flat (0.750)"."""

    @property
    def title(self) -> str:
        """The words after the case's name above its picture."""
        return f"predicted {one_line(self.answer, 48)}"

    @property
    def headline(self) -> str:
        """The words after the case's name at the top of its page; may be empty."""
        return ""

    @property
    def others(self) -> str:
        """Other likely answers, in a few words; may be empty."""
        return ""

    @property
    def ranked(self) -> Sequence[tuple[str, str]]:
        """Answers with their scores, the best first, where several were asked for."""
        return ()

    @property
    def right(self) -> bool | None:
        """Whether the prediction is correct; None if that is not known or not defined."""
        return None

    @property
    def certainty(self) -> float | None:
        """How sure the model is, the higher the surer; None where it does not say."""
        return None

    @property
    def miss(self) -> float | None:
        """How far the prediction is from the truth, 0 where it is right; None if unknown."""
        return None if self.right is None else float(not self.right)

    @property
    def group(self) -> str:
        """The heading under which a report lists the case; empty if the output has no groups."""
        return ""

    def lead(self) -> Markup:
        """The paragraph or table with the prediction at the top of the case's page."""
        return Markup('<p class="lead">Predicted {}.</p>').format(self.answer)

    def caption(self) -> Markup:
        """The words after the case's name in the caption of its picture in a report."""
        return Markup(": predicted <b>{}</b>").format(self.answer)

    def details(self) -> Markup:
        """What follows the picture on the case's page, such as a table; may be empty."""
        return Markup("")
