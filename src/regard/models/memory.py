"""The memory network: a question that attends to the sentences of a story in several hops."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from regard.attention import Attended, Attention
from regard.models.echo import Echo
from regard.models.heads import Predicted, drop_columns, shares, two_sided_logits
from regard.models.sentences import EncoderReader, LayerReader, WordSum

__all__ = ["MemoryNetwork"]

_STD = 0.1  # of the vectors of time
_UNKNOWN = 1  # the token for those not in the vocabulary


class MemoryNetwork(nn.Module):
    """A question u attends to the sentences of a story, hop after hop.

        u_1 = C_1 q,   u_(k+1) = u_k + g_k * sum_s a_ks (C_(k+1) s + T_(k+1) s),
        g_k = 2 sigmoid(G_k u_k + e_k),   r_k = M q * sum_s a_ks M s

    a_k is the attention of hop k from u_k to the keys C_k s + T_k s. Sentence s has a vector C_k
    for each k = 1 ... K + 1: that of a hop's values is that of the next hop's keys (adjacent
    tying), and the question has the first. The gate g_k, which starts at one, takes of a sentence
    what was asked for: who gave, or who received. T_k s stands for what C_k s does not know of the
    story: a vector for the distance of the sentence from the end, and with an echo P_k echo_s, what
    of it comes up again later. M sums vectors of words, so that r_k says which words of the
    question hop k found, as answers of yes and no need.

    Class n gets u_(K+1) . (C_(K+1) answer_n + w_n) + b_n + v_n . relu(R [r_1; ...; r_K] + d).
    answer_n is its name, read as a sentence, so that a word of the story is an answer without a
    weight of its own.

    Parameters:
        reader: sentences to K + 1 vectors each, C.
        words: sentences to one vector each, M.
        hops: K attentions.
        echo: of the vectors M s; None is without.
        answers: [N, W] words of each class's name, 0 at the end; a class without a known word has
            w_n alone.
        two_sided: whether N = 2 classes have one score, whose halves are the logits.
        sentences: longest story.
        dropout: rate on the columns of the vectors of each case's story.
        word_dropout: share of the words replaced by the unknown word in training.
        time_noise: in training, the share of sentences after which time goes on by one more.

    Source: Sukhbaatar et al., 2015, "End-to-end memory networks", NeurIPS, equations 1 to 4 and
    section 4.1 for time and its noise; Liu and Perez, 2017, "Gated end-to-end memory networks",
    EACL, equation 11, for the gate, there between o and u. In the first paper scores are dot
    products, an answer is one word, and there is neither g_k nor r_k.
    """

    def __init__(
        self,
        reader: WordSum | LayerReader | EncoderReader,
        words: WordSum,
        hops: Sequence[Attention],
        *,
        echo: Echo | None,
        answers: Tensor,
        two_sided: bool,
        sentences: int,
        dropout: float,
        word_dropout: float,
        time_noise: float,
    ) -> None:
        super().__init__()
        outputs = 1 if two_sided else len(answers)
        self.reader, self.words = reader, words
        self.hops = nn.ModuleList(hops)
        self.gates = nn.ModuleList([nn.Linear(reader.width, reader.width) for _ in hops])
        for gate in self.gates:
            for parameter in gate.parameters():
                nn.init.zeros_(parameter)
        self.time = nn.Embedding(sentences, reader.width * reader.vectors)
        nn.init.normal_(self.time.weight, std=_STD)
        self.echo = echo
        if echo is not None:
            self.recall = nn.Linear(words.width, self.time.embedding_dim, bias=False)
        self.answers = nn.Buffer(answers)
        self.classify = nn.Linear(reader.width, outputs)
        self.compare = nn.Sequential(
            nn.Linear(words.width * len(hops), words.width),
            nn.ReLU(),
            nn.Linear(words.width, outputs, bias=False),
        )
        self.two_sided = two_sided
        self.dropout, self.word_dropout, self.time_noise = dropout, word_dropout, time_noise

    def forward(
        self, sentences: Tensor, places: Tensor, questions: Tensor, mask: Tensor | None = None
    ) -> Predicted:
        """Answer.

        Parameters:
            sentences: [U, W] words of each sentence that occurs, 0 at the end.
            places: [B, S] which sentence stands at each place of a story.
            questions: [B, W'] words of the questions.
            mask: boolean [B, S], True at the sentences of each story, which come first; None when
                all stories are equally long.

        Returns:
            Logits [B, N], and the map "attention" [B, K, S] of each hop, which sums to one.
        """
        sentences, questions = self._seen(sentences), self._seen(questions)
        story = self.reader(sentences)[places].flatten(2) + self._time(places, mask)
        words = self.words(sentences)[places].squeeze(2)  # [B, S, D]
        if self.echo is not None:
            story = story + self.recall(self.echo(words, mask))
        columns = drop_columns(torch.cat([story, words], 2), self.dropout, self.training)
        width = self.reader.width
        sizes = [*[width] * self.reader.vectors, self.words.width]
        *vectors, words = torch.split(columns, sizes, 2)
        state, asked = self.reader(questions)[:, 0], self.words(questions)[:, 0]  # [B, D]
        looks: list[Attended] = []
        found: list[Tensor] = []
        before: Tensor | None = None
        for k, (attention, gate) in enumerate(zip(self.attentions, self.gates, strict=True)):
            values = torch.cat([vectors[k + 1], words], 2)
            looks.append(_look(attention, state, vectors[k], values, mask, before))
            before = looks[-1].state
            context = looks[-1].context.squeeze(1)
            state = state + 2 * torch.sigmoid(gate(state)) * context[:, :width]
            found.append(asked * context[:, width:])
        weights = [shares(_weights(each), mask) for each in looks]
        return Predicted(
            self._scores(state, torch.cat(found, 1)),
            {"attention": torch.stack(weights, 1)},
            _total([each.log_prob for each in looks]),
            _total([each.entropy for each in looks]),
        )

    @property
    def attentions(self) -> list[Attention]:
        """Those of the hops."""
        return [each for each in self.hops if isinstance(each, Attention)]

    def _seen(self, words: Tensor) -> Tensor:
        """The words, of which some are unknown in training."""
        if not (self.training and self.word_dropout):
            return words
        dropped = torch.rand(words.shape, device=words.device) < self.word_dropout
        return words.masked_fill(dropped & (words != 0), _UNKNOWN)

    def _time(self, places: Tensor, mask: Tensor | None) -> Tensor:
        """[B, S, (K + 1) D]."""
        true = torch.ones_like(places) if mask is None else mask.long()
        after = true.flip(1).cumsum(1).flip(1) - true  # sentences that follow each
        if self.training and self.time_noise:
            more = (torch.rand(places.shape, device=places.device) < self.time_noise) & (true > 0)
            after = after + more.long().flip(1).cumsum(1).flip(1)
        found: Tensor = self.time(after.clamp(max=self.time.num_embeddings - 1))
        return found

    def _scores(self, state: Tensor, found: Tensor) -> Tensor:
        """[B, D] state and [B, K D] words of the question that were found -> logits [B, N]."""
        names = self.reader(self.answers)[:, -1]  # [N, D]
        names = names * (self.answers != 0).any(1, keepdim=True)
        scores = self.classify(state) + self.compare(found)
        if not self.two_sided:
            return torch.addmm(scores, state, names.T)
        return two_sided_logits(scores + state @ (names[1:] - names[:1]).T)


def _weights(attended: Attended) -> Tensor:
    """[B, S]."""
    assert attended.weights is not None
    return attended.weights.squeeze(1)


def _look(
    attention: Attention,
    query: Tensor,
    keys: Tensor,
    values: Tensor,
    mask: Tensor | None,
    state: Tensor | None,
) -> Attended:
    """Attend with [B, D]; the query stands at the last sentence of its story.

    Where a window goes by places, stories of one length are taken together.
    """
    asked = query.unsqueeze(1)
    if not attention.window.relative:
        attended: Attended = attention(asked, keys, values, mask, state=state)
        return attended
    lengths = [keys.shape[1]] * len(keys) if mask is None else mask.sum(1).tolist()
    order, parts = [], []
    for length in sorted(set(lengths)):
        rows = [row for row, own in enumerate(lengths) if own == length]
        before = None if state is None else state[rows, ..., :length]
        found = keys[rows, :length], values[rows, :length]
        parts.append(attention(asked[rows], *found, position=length - 1, state=before))
        order += rows
    back = torch.tensor(order, device=keys.device).argsort()

    def joined(name: str, *, padded: bool = False) -> Tensor | None:
        """A field of all parts, of which some are padded to S at the end."""
        found = [getattr(part, name) for part in parts]
        if found[0] is None:
            return None
        if padded:
            found = [pad(each, (0, keys.shape[1] - each.shape[-1])) for each in found]
        return torch.cat(found)[back]

    weights, state = joined("weights", padded=True), joined("state", padded=True)
    context = torch.cat([part.context for part in parts])[back]
    return Attended(context, weights, joined("log_prob"), joined("entropy"), state)


def _total(parts: Sequence[Tensor | None]) -> Tensor | None:
    """[B, 1] of each hop -> [B], their sum; None if the attention does not sample."""
    present = [part for part in parts if part is not None]
    return torch.cat(present, 1).sum(1) if present else None
