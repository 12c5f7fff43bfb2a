"""A reader of a story word by word, with a question in mind."""

import torch
from torch import Tensor, nn

from regard.attention import Additive, Attention, AttentionPooling, General, ScaledDot
from regard.models.dropout import dropout as drop
from regard.models.encoder import Encoder
from regard.models.word_vectors import WordVectors

__all__ = ["StoryReader"]

_FLAGS = 2  # of a word: in the question, again later


class StoryReader(nn.Module):
    """Reads a question, then a story word by word with the question in mind.

        x_s = [E w_s; sum_j a_sj q_j; w_s in question; w_s again later],   h = encoder(x)
        h' = encoder'([h_s; sum_t b_st h_t])

    q_j are the states of the question's words, a_s the attention of word s to them, b_s that to the
    other places of the same word in the story. So a word knows what is told of it elsewhere, and
    this holds for words never seen in training, as do the two features.

    Parameters:
        vectors: of words, E wide.
        asker: of the question, with E channels.
        encoder: of the story, with `channels` channels and a state for each word.
        again: of the story again, with twice the width of the encoder as channels; None reads it
            once.
        dropout: rate on the vectors of words.

    Attributes:
        last: the encoder whose states are returned.

    Source: Wang and Jiang, 2017, "Machine comprehension using match-LSTM and answer pointer", ICLR,
    for states that know the question; Chen et al., 2017, "Reading Wikipedia to answer open-domain
    questions", ACL, section 3.2, for features of words and for the question as a weighted sum; Wang
    et al., 2017, "Gated self-matching networks for reading comprehension and question answering",
    ACL, section 3.3, for attention of the story to itself and a second encoder, there to all words.
    """

    def __init__(
        self,
        vectors: WordVectors,
        asker: Encoder,
        encoder: Encoder,
        again: Encoder | None,
        *,
        dropout: float,
    ) -> None:
        super().__init__()
        self.vectors, self.asker, self.encoder = vectors, asker, encoder
        self.match = Attention(ScaledDot())
        self.again = again
        if again is not None:
            self.echo = Attention(General(encoder.width, encoder.width))
        self.pool = AttentionPooling(
            [Attention(Additive(None, asker.width, asker.width))], asker.width
        )
        self.ask = nn.Linear(asker.width, self.last.width)
        self.dropout = dropout

    @staticmethod
    def channels(vectors: WordVectors, asker: Encoder) -> int:
        """Of the first encoder of the story."""
        return vectors.width + asker.width + _FLAGS

    @property
    def last(self) -> Encoder:
        return self.encoder if self.again is None else self.again

    def forward(
        self,
        story: Tensor,
        questions: Tensor,
        kinds: Tensor,
        asked: Tensor,
        mask: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Read.

        Parameters:
            story: [B, S] words, 0 at the end.
            questions: [B, Q] words of the questions, 0 at the end.
            kinds: [B, S] which of a case's different words each is, as `WordVectors` takes them.
            asked: [B, Q] the same of the questions.
            mask: boolean [B, S], True at the words of each story, which come first; None when all
                stories are equally long.

        Returns:
            States [B, S, D] of the story's words, and [B, D] of the question.
        """
        every = self.vectors(torch.cat([story, questions], 1), torch.cat([kinds, asked], 1))
        every = drop(every, self.dropout, self.training)
        told, wanted = torch.split(every, [story.shape[1], questions.shape[1]], 1)
        there = questions != 0
        question = self.asker(wanted.transpose(1, 2), there)
        about = self.match(told, wanted, question, mask=there).context
        alike = kinds.unsqueeze(2) == asked.unsqueeze(1)  # [B, S, Q]
        flags = torch.stack([alike.any(2), _again(kinds)], 2).to(told.dtype)
        read = torch.cat([told, about, flags], 2)
        states = self.encoder(read.transpose(1, 2), mask)
        if self.again is not None:
            elsewhere = self.echo(states, states, mask=_elsewhere(kinds)).context
            states = self.again(torch.cat([states, elsewhere], 2).transpose(1, 2), mask)
        return states, torch.tanh(self.ask(self.pool(question, there).context))


def _again(kinds: Tensor) -> Tensor:
    """[B, S] whether a word comes up again later."""
    places = torch.arange(kinds.shape[1], device=kinds.device)
    last = kinds.new_zeros(len(kinds), int(kinds.max()) + 1)
    last = last.scatter_reduce(1, kinds, places.expand_as(kinds), "amax")
    return last.gather(1, kinds) > places


def _elsewhere(kinds: Tensor) -> Tensor:
    """[B, S, S] whether two places are different ones of the same word."""
    same = (kinds.unsqueeze(2) == kinds.unsqueeze(1)) & (kinds != 0).unsqueeze(2)
    return same & ~torch.eye(kinds.shape[1], dtype=torch.bool, device=kinds.device)
