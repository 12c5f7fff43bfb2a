"""Reading a saved vocabulary."""

from typing import Any, Literal, get_args

from regard.bounded import parse_json
from regard.tokens.special import SPECIAL

__all__ = ["VocabularyKind", "read_vocabulary"]

VocabularyKind = Literal["bpe", "word", "character"]


def read_vocabulary(text: str) -> tuple[VocabularyKind, list[str], list[tuple[str, str]]]:
    """Kind, tokens without the special ones, and merges of the output of `Vocabulary.to_json`.

    Refuses what the library would panic on: a panic is no `Exception`.

    Raises:
        ValueError: The text is damaged.
    """
    parts = parse_json(text)
    if not isinstance(parts, dict) or set(parts) != {"kind", "tokens", "merges"}:
        raise ValueError("wanted the keys 'kind', 'tokens' and 'merges'")
    kind, tokens, merges = parts["kind"], parts["tokens"], parts["merges"]
    if kind not in get_args(VocabularyKind):
        raise ValueError(f"no kind {kind!r}")
    if not isinstance(tokens, list) or not all(isinstance(token, str) for token in tokens):
        raise ValueError("its tokens are not a list of strings")
    "".join(tokens).encode()  # refuses lone surrogates; the library's message has many lines
    known = set(tokens)
    if len(known | set(SPECIAL)) != len(tokens) + len(SPECIAL) or "" in known:
        raise ValueError("a token is empty or occurs twice")
    if not isinstance(merges, list):
        raise ValueError("its merges are not a list")
    pairs = []
    for merge in merges:
        if not _is_pair(merge) or not known.issuperset(merge):
            raise ValueError(f"the merge {merge!r} is not of two tokens")
        if merge[0] + merge[1] not in known:
            raise ValueError(f"the merge of {merge[0]!r} and {merge[1]!r} is not a token")
        pairs.append((merge[0], merge[1]))
    return kind, tokens, pairs


def _is_pair(merge: Any) -> bool:
    return isinstance(merge, list) and [type(part) for part in merge] == [str, str]
