"""Subwords by byte pair encoding: frequent pairs of pieces are merged, starting from letters.

Pieces that continue a word have the prefix ##, so that words can be recovered from pieces. With
that prefix, the library's own training breaks ties between equally frequent merges differently from
run to run. We give the first letter of a word a character of its own instead, which needs no prefix
and makes training deterministic.
"""

from collections import Counter
from collections.abc import Iterator, Mapping

from regard.tokens.learning import most_frequent

__all__ = ["CONTINUES", "learn_subwords"]

CONTINUES = "##"
"""Prefix of a piece that continues a word."""

_PRIVATE = range(0xF0000, 0x10FFFE)  # private-use characters


def learn_subwords(
    counts: Mapping[str, int], *, pieces: int, min_count: int
) -> tuple[list[str], list[tuple[str, str]]]:
    """Learn a vocabulary of letters and merged pairs.

    Parameters:
        counts: Occurrences of each word.
        pieces: Maximum size of the vocabulary; the most frequent letters come first.
        min_count: Minimum occurrences of a letter, and of a pair to merge.

    Returns:
        The pieces (letters by frequency, ties alphabetically, then merges in order), and the pairs
        merged, in order.

    Example:
        >>> learn_subwords({"aa": 3, "ab": 2}, pieces=5, min_count=1)
        (['a', '##a', '##b', 'aa', 'ab'], [('a', '##a'), ('a', '##b')])
    """
    symbols: Counter[str] = Counter()
    for word, count in counts.items():
        for symbol in _symbols(word):
            symbols[symbol] += count
    letters = most_frequent(symbols, size=pieces, min_count=min_count)
    # One character per symbol: its letter if it continues a word, else a private-use character.
    taken = {symbol[-1] for symbol in symbols}
    free = (chr(code) for code in _PRIVATE if chr(code) not in taken)
    codes = {
        letter: letter[-1] if letter.startswith(CONTINUES) else next(free)
        for letter in sorted(letters)
    }
    merges = _merges(counts, codes, pieces - len(letters), min_count)
    known = dict.fromkeys(letters)
    # Two merges may give the same piece.
    known |= dict.fromkeys(first + second.removeprefix(CONTINUES) for first, second in merges)
    return list(known), merges


def _symbols(word: str) -> list[str]:
    return [word[0], *(CONTINUES + letter for letter in word[1:])]


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
    """Each word as often as it occurs, with blanks for letters outside the vocabulary."""
    for word in sorted(counts):
        coded = "".join(codes.get(symbol, " ") for symbol in _symbols(word))
        for _ in range(counts[word] // 1000):
            yield f"{coded} " * 1000
        yield f"{coded} " * (counts[word] % 1000)
