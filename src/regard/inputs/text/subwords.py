"""Subwords: the pieces of words that occur together most often, by byte pair encoding.

A piece that starts a word is written as it is, one that continues it with ## before it, so that
the words of a sequence of pieces can be told. The library's own training numbers such pieces in an
order that differs from run to run, and with it equally frequent merges. Here the first letter of a
word is a letter of its own while merges are learned, which needs no marks and is the same always.
"""

from collections import Counter
from collections.abc import Iterator, Mapping

__all__ = ["CONTINUES", "learn_subwords"]

CONTINUES = "##"
"""What stands before a piece that continues a word."""

_PRIVATE = range(0xF0000, 0x10FFFE)  # characters without a meaning of their own


def learn_subwords(
    counts: Mapping[str, int], *, pieces: int, min_count: int
) -> tuple[list[str], list[tuple[str, str]]]:
    """Learn pieces of words: all letters, then what merging the most frequent pairs gives.

    Parameters:
        counts: How often each word occurs.
        pieces: How many pieces there may be; where the letters are more, the most frequent ones.
        min_count: How often a letter, and a pair to merge, must occur.

    Returns:
        The pieces, letters by frequency and then alphabetically, then merges in the order in which
        they are made (by frequency); and the pairs merged, in that order.

    Example:
        >>> learn_subwords({"aa": 3, "ab": 2}, pieces=5, min_count=1)
        (['a', '##a', '##b', 'aa', 'ab'], [('a', '##a'), ('a', '##b')])
    """
    symbols: Counter[str] = Counter()
    for word, count in counts.items():
        symbols[word[0]] += count
        for letter in word[1:]:
            symbols[CONTINUES + letter] += count
    frequent = [symbol for symbol, count in symbols.items() if count >= min_count]
    letters = sorted(frequent, key=lambda symbol: (-symbols[symbol], symbol))[:pieces]
    codes = _codes(letters, symbols)
    merges = _merges(counts, codes, pieces - len(letters), min_count)
    known = dict.fromkeys(letters)
    # Two ways to merge to the same piece are two merges and one piece.
    known |= dict.fromkeys(first + second.removeprefix(CONTINUES) for first, second in merges)
    return list(known), merges


def _codes(letters: list[str], symbols: Counter[str]) -> dict[str, str]:
    """One character for each symbol: itself where it continues a word, else one without meaning."""
    taken = {symbol[-1] for symbol in symbols}
    free = (chr(code) for code in _PRIVATE if chr(code) not in taken)
    codes = {}
    for letter in sorted(letters):
        codes[letter] = letter[-1] if letter.startswith(CONTINUES) else next(free)
    return codes


def _merges(
    counts: Mapping[str, int], codes: dict[str, str], pieces: int, min_count: int
) -> list[tuple[str, str]]:
    import json

    from tokenizers import Tokenizer
    from tokenizers.models import BPE
    from tokenizers.pre_tokenizers import WhitespaceSplit
    from tokenizers.trainers import BpeTrainer

    if pieces < 1:
        return []
    trainer = BpeTrainer(
        vocab_size=len(codes) + pieces, min_frequency=min_count, show_progress=False
    )
    learner = Tokenizer(BPE())
    learner.pre_tokenizer = WhitespaceSplit()
    learner.train_from_iterator(_coded(counts, codes), trainer)
    starts = {code: letter for letter, code in codes.items() if code != letter[-1]}

    def written(piece: str) -> str:
        return starts[piece[0]] + piece[1:] if piece[0] in starts else CONTINUES + piece

    merges = json.loads(learner.to_str())["model"]["merges"]
    return [(written(first), written(second)) for first, second in merges]


def _coded(counts: Mapping[str, int], codes: dict[str, str]) -> Iterator[str]:
    """Each word as often as it occurs; a letter that is no piece leaves a gap."""
    for word in sorted(counts):
        symbols = [word[0], *(CONTINUES + letter for letter in word[1:])]
        coded = "".join(codes.get(symbol, " ") for symbol in symbols)
        for _ in range(counts[word] // 1000):
            yield f"{coded} " * 1000
        yield f"{coded} " * (counts[word] % 1000)
