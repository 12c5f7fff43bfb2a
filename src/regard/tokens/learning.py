"""Learning the tokens of a vocabulary. The order of the texts changes nothing."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence

from regard.errors import DataError
from regard.tokens.words import divider, finer_divider

__all__ = ["check_learned", "learn_letters", "learn_merges", "learn_words", "most_frequent"]


def most_frequent(counts: Mapping[str, int], *, size: int, min_count: int) -> list[str]:
    """The words or letters that occur most often, at most `size`; ties by code point."""
    frequent = [unit for unit, count in counts.items() if count >= min_count]
    return sorted(frequent, key=lambda unit: (-counts[unit], unit))[:size]


def check_learned(learned: Sequence[str], unit: str, min_count: int) -> None:
    """Refuse a vocabulary without any word or letter."""
    if not learned:
        raise DataError(f"texts: no {unit} occurs at least {min_count} times (min_count)")


def learn_words(texts: Sequence[str], *, size: int, min_count: int) -> list[str]:
    """The most frequent words with the blank before them; ties by code point."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.trainers import WordLevelTrainer

    learner = Tokenizer(WordLevel(unk_token="[UNK]"))
    learner.pre_tokenizer = divider()
    trainer = WordLevelTrainer(vocab_size=size, min_frequency=min_count, show_progress=False)
    learner.train_from_iterator(texts, trainer)
    numbers = learner.get_vocab()
    return sorted(numbers, key=lambda word: numbers[word])


def learn_letters(texts: Sequence[str], *, size: int, min_count: int) -> list[str]:
    """The most frequent characters other than the blank; ties by code point."""
    counts = Counter("".join(texts))
    del counts[" "]
    return most_frequent(counts, size=size, min_count=min_count)


def learn_merges(texts: Sequence[str], *, size: int, min_count: int) -> list[tuple[str, str]]:
    """The pairs that byte pair encoding merges, in order: at most `size`, within words.

    A letter that occurs less than `min_count` times is in none. The library breaks ties by the code
    points of the letters, and of later tokens by their age.
    """
    from tokenizers import Tokenizer
    from tokenizers.models import BPE
    from tokenizers.trainers import BpeTrainer

    if size < 1:
        return []
    learner = Tokenizer(BPE())
    learner.pre_tokenizer = finer_divider()
    letters = len(set("".join(texts)))
    trainer = BpeTrainer(vocab_size=letters + size, min_frequency=min_count, show_progress=False)
    learner.train_from_iterator(texts, trainer)
    merges = json.loads(learner.to_str())["model"]["merges"]
    return [(first, second) for first, second in merges]
