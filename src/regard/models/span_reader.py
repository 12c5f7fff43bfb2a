"""A reader of a story, which points at the answer to a question."""

from torch import Tensor, nn

from regard.models.heads import Predicted
from regard.models.pointer import AnswerPointer
from regard.models.story_reader import StoryReader

__all__ = ["SpanReader"]


class SpanReader(nn.Module):
    """Reads a story with a question in mind, and points at first and last word of the answer.

    Parameters:
        reader: of story and question.
        pointer: to its states.
    """

    def __init__(self, reader: StoryReader, pointer: AnswerPointer) -> None:
        super().__init__()
        self.reader, self.pointer = reader, pointer

    def forward(
        self,
        story: Tensor,
        questions: Tensor,
        kinds: Tensor,
        asked: Tensor,
        mask: Tensor | None = None,
    ) -> Predicted:
        """Point; parameters as of `StoryReader`, what is returned as of `AnswerPointer`."""
        states, question = self.reader(story, questions, kinds, asked, mask)
        predicted: Predicted = self.pointer(states, question, mask)
        return predicted
