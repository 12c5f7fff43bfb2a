"""A reader of a story, which writes the answer to a question."""

from torch import Tensor, nn

from regard.models.encoder import Encoder
from regard.models.heads import drop_columns
from regard.models.story_reader import StoryReader
from regard.models.tokens import TokenHead

__all__ = ["StoryWriter"]

_UNKNOWN = 1
_END = 3


class StoryWriter(nn.Module):
    """Reads a story with a question in mind, and writes the answer token by token.

    The story ends with the end mark, whose state has that of the question added: there a decoder
    starts from, and there it may look when no word of the story is meant.

    Parameters:
        reader: of story and question.
        head: attends to the reader's states.
        dropout: rate on the columns of each case's states.
    """

    def __init__(self, reader: StoryReader, head: TokenHead, *, dropout: float) -> None:
        super().__init__()
        self.reader, self.head = reader, head
        self.dropout = dropout

    @property
    def encoder(self) -> Encoder:
        """The one whose states the decoder attends to."""
        return self.reader.last

    def encode(
        self, story: Tensor, questions: Tensor, kinds: Tensor, asked: Tensor, mask: Tensor | None
    ) -> tuple[Tensor, Tensor | None]:
        """What the head takes: states [B, S, D], and their mask.

        Parameters:
            story: [B, S] tokens, with the end mark; those from V on are in no vocabulary.
            questions: [B, Q] tokens likewise, without it.
            kinds, asked: [B, S] and [B, Q], as of `StoryReader`.
            mask: boolean [B, S], True at the tokens of each story.
        """
        tokens = self.reader.vectors.tokens
        known = (each.masked_fill(each >= tokens, _UNKNOWN) for each in (story, questions))
        states, question = self.reader(*known, kinds, asked, mask)
        ends = (story == _END).unsqueeze(2)
        states = states + ends * question.unsqueeze(1)
        return drop_columns(states, self.dropout, self.training), mask
