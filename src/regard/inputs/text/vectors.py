"""Pretrained word vectors in the text format of word2vec, GloVe and fastText.

    2 3
    the 0.1 -0.2 0.3
    cat 0.4 0.5 -0.6

The first row, with the number of words and their dimension, is optional.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from regard.errors import DataError
from regard.tables.files import FilePath, rows_of

__all__ = ["read_vectors"]

_DAMAGED = "; the file may be truncated or damaged"


def read_vectors(
    path: FilePath, tokens: Sequence[str]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Read the vectors of these tokens, row by row; the file may be larger than memory.

    A token that is not in the file takes the vector of its lowercase form, if there is one. Of
    duplicate words the first counts.

    Parameters:
        path: A UTF-8 text file with a word and its D numbers in each row, plain or gzipped.
        tokens: V tokens, such as `Tokenizer.tokens`.

    Returns:
        matrix: [V, D] float32, zeros where nothing was found.
        found: [V] True where a vector was found.

    Raises:
        DataError: The file cannot be read or is not UTF-8, rows differ in length, a value is not a
            finite number, or no token was found.
    """
    wanted = {form for token in tokens for form in (token, token.lower())}
    vectors: dict[str, NDArray[np.float32]] = {}
    width, first_word = 0, ""
    for row, line in _rows(path):
        where = f"{path}, row {row}"
        cells = line.rstrip().replace(b"\t", b" ")
        if row == 1 and len(cells.split()) == 2 and all(map(bytes.isdigit, cells.split())):
            width = int(cells.split()[1])
            continue
        if not width:
            width = len(cells.split()) - 1
            if width < 1:
                raise DataError(f"{where} has a word and no numbers; wanted vectors as text")
        raw, numbers = _divide(cells, width, where)
        word = _decode(raw, where)
        first_word = first_word or word
        if word in wanted and word not in vectors:
            vectors[word] = _vector(numbers, width, where)
    if not first_word:
        raise DataError(f"{path} is empty")
    matrix, found = np.zeros((len(tokens), width), np.float32), np.zeros(len(tokens), bool)
    for at, token in enumerate(tokens):
        vector = vectors.get(token, vectors.get(token.lower()))
        if vector is not None:
            matrix[at], found[at] = vector, True
    if not found.any():
        raise DataError(
            f"{path}: none of the {len(tokens)} tokens is in it; its first word is {first_word!r}, "
            f"the last token {tokens[-1] if tokens else ''!r}"
        )
    return matrix, found


def _rows(path: FilePath) -> Iterator[tuple[int, bytes]]:
    """Row number, from 1, and bytes of each row that is not blank."""
    for row, line in enumerate(rows_of(path), start=1):
        if row == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")
        if line.strip():
            yield row, line


def _divide(cells: bytes, width: int, where: str) -> tuple[bytes, bytes]:
    """The word of a row, which may contain blanks, and its numbers."""
    if cells.count(b" ") == width:
        word, _, numbers = cells.partition(b" ")
        return word, numbers
    parts = cells.rsplit(None, width)
    surplus = parts[0].split()
    # If the second part is a number, the row has too many numbers, not a word of several parts.
    if len(parts) != width + 1 or (len(surplus) > 1 and _is_number(surplus[1])):
        _decode(cells, where)
        raise _ragged(where, len(cells.split()) - 1, width)
    return parts[0], b" ".join(parts[1:])


def _vector(numbers: bytes, width: int, where: str) -> NDArray[np.float32]:
    parts = numbers.split()
    if len(parts) != width:
        raise _ragged(where, len(parts), width)
    try:
        with np.errstate(over="ignore"):
            vector = np.array([float(number) for number in parts], dtype=np.float32)
    except ValueError as error:
        shown = str(error).split("b'")[-1].rstrip("'")
        raise DataError(f"{where}: {shown!r} is not a number") from None
    if not np.isfinite(vector).all():
        raise DataError(f"{where} holds a number that is not finite")
    return vector


def _ragged(where: str, given: int, width: int) -> DataError:
    return DataError(f"{where} has {given} numbers; wanted {width} as in earlier rows{_DAMAGED}")


def _is_number(text: bytes) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _decode(word: bytes, where: str) -> str:
    try:
        return word.decode()
    except UnicodeDecodeError as error:
        raise DataError(
            f"{where}: byte 0x{word[error.start]:02x} is not UTF-8 text; "
            "wanted vectors as text, not in a binary format"
        ) from None
