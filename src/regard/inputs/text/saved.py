"""Reading a saved tokenizer.

The library `tokenizers` would do whatever its JSON says: expressions that take forever on some
text, replacements that double it again and again. Only vocabulary, merges and lowercasing are taken
from a file; all else is as regard writes it, or the file is refused.
"""

from typing import Any, NamedTuple

from regard.bounded import parse_json, shown
from regard.errors import ConfigError

__all__ = ["Saved", "first_unlike", "read_saved"]


class Saved(NamedTuple):
    """What is learned of a tokenizer.

    Attributes:
        model: the library's name of it: "WordLevel", "BPE" or "WordPiece".
        vocabulary: number of each token.
        merges: of BPE.
        lowercase: whether texts are lowercased.
        content: all that the file says.
    """

    model: str
    vocabulary: dict[str, int]
    merges: list[tuple[str, str]]
    lowercase: bool
    content: dict[str, Any]


def read_saved(text: str) -> Saved:
    """What is learned, of the JSON of a tokenizer.

    Raises:
        ConfigError: it is damaged; on some faults that it names the library would panic, which is
            no `Exception`.
    """
    try:
        content = parse_json(text)
        if not isinstance(content, dict) or not isinstance(content.get("model"), dict):
            raise ValueError("it has no model")
        model = content["model"]
        vocabulary, merges = _vocabulary(model), _merges(model)
    except ValueError as error:
        raise ConfigError(f"tokenizer: its JSON cannot be read: {error}") from None
    lowercase = {"type": "Lowercase"} in _steps(content.get("normalizer"))
    return Saved(str(model.get("type"))[:80], vocabulary, merges, lowercase, content)


def first_unlike(given: Any, wanted: Any, name: str = "") -> str:
    """The dotted name of the first field given that is not as wanted; "" where all are.

    >>> first_unlike({"a": {"b": 1}}, {"a": {"b": 2}, "c": 3})
    'a.b'
    """
    if isinstance(given, dict) and isinstance(wanted, dict):
        for field, each in given.items():
            unlike = first_unlike(each, wanted.get(field), f"{name}.{field}" if name else field)
            if unlike:
                return unlike
        return ""
    return "" if given == wanted and type(given) is type(wanted) else name


def _vocabulary(model: dict[str, Any]) -> dict[str, int]:
    vocabulary = model.get("vocab")
    if not isinstance(vocabulary, dict) and model.get("type") != "Unigram":
        raise ValueError("its model has no vocabulary")
    if not isinstance(vocabulary, dict):
        return {}
    if not all(type(number) is int for number in vocabulary.values()):
        raise ValueError("a token has no whole number")
    "".join(vocabulary).encode()  # refuses lone surrogates
    return vocabulary


def _merges(model: dict[str, Any]) -> list[tuple[str, str]]:
    merges, known = model.get("merges", []), model.get("vocab", {})
    prefix = model.get("continuing_subword_prefix") or ""
    if not isinstance(merges, list) or not isinstance(prefix, str):
        raise ValueError("its merges are not a list")
    pairs = []
    for merge in merges:
        if not isinstance(merge, list) or [type(each) for each in merge] != [str, str]:
            raise ValueError(f"the merge {shown(merge)} is not of two tokens")
        first, second = merge
        if not second.startswith(prefix) or first + second[len(prefix) :] not in known:
            raise ValueError(f"the merge of {first[:80]!r} and {second[:80]!r} is not a token")
        if first not in known or second not in known:
            raise ValueError(f"the merge of {first[:80]!r} and {second[:80]!r} is not of tokens")
        pairs.append((first, second))
    return pairs


def _steps(normalizer: Any) -> list[Any]:
    steps = normalizer.get("normalizers") if isinstance(normalizer, dict) else None
    return steps if isinstance(steps, list) else []
