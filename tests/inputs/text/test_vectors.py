import gzip
from pathlib import Path

import numpy as np
import pytest

from regard.errors import DataError
from regard.inputs.text.vectors import read_vectors

ROWS = "the 0.5 -1e-1 3\ncat 1 2 3\n, 4 5 6\nThe 7 8 9\ncafé 10 11 12\nthe 0 0 0\n"
TOKENS = ["[PAD]", "[UNK]", "the", "THE", "The", "café", "dog"]
WANTED = [[0, 0, 0], [0, 0, 0], [0.5, -0.1, 3], [0.5, -0.1, 3], [7, 8, 9], [10, 11, 12], [0, 0, 0]]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "vectors.txt"


@pytest.mark.parametrize(
    "content",
    [
        ROWS,
        "6 3\n" + ROWS,
        "\ufeff" + ROWS,
        ROWS.replace("\n", " \r\n"),
        ROWS.replace(" ", "\t"),
        ROWS.replace("cat 1", "\ncat  1"),
        ROWS + "two words 1 2 3\n. . . 1 2 3\n",
    ],
)
def test_rows_of_known_tokens(file: Path, content: str) -> None:
    for packed in (False, True):
        raw = content.encode()
        file.write_bytes(gzip.compress(raw) if packed else raw)
        matrix, found = read_vectors(file, TOKENS)
        assert matrix.dtype == np.float32
        np.testing.assert_array_equal(matrix, np.array(WANTED, dtype=np.float32))
        assert found.tolist() == [False, False, True, True, True, True, False]


def test_words_of_several_parts(file: Path) -> None:
    file.write_text("a 1 2\nb c 3 4\nd 5 6\n")
    matrix, found = read_vectors(file, ["b c", "d"])
    assert matrix.tolist() == [[3, 4], [5, 6]]
    assert found.all()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "the 1 2 3\ncat 1 2\n",
            "row 2 has 2 numbers; wanted 3 as in earlier rows; "
            "the file may be truncated or damaged",
        ),
        (
            "the 1 2 3\ncat 1 2 3 4\n",
            "row 2 has 4 numbers; wanted 3 as in earlier rows; "
            "the file may be truncated or damaged",
        ),
        (
            "2 3\n\ncat 1 2\n",
            "row 3 has 2 numbers; wanted 3 as in earlier rows; "
            "the file may be truncated or damaged",
        ),
        (
            "dog 1 2 3\nthe  1 2\n",
            "row 2 has 2 numbers; wanted 3 as in earlier rows; "
            "the file may be truncated or damaged",
        ),
        ("dog 1 2\nthe 1 x\n", "row 2: 'x' is not a number"),
        ("dog 1 2\nthe 1 nan\n", "row 2 holds a number that is not finite"),
        ("dog 1 2\nthe 1 1e99\n", "row 2 holds a number that is not finite"),
        ("the\ncat\n", "row 1 has a word and no numbers; wanted vectors as text"),
        (
            b"dog 1 2\ncaf\xe9 1 2\n",
            "row 2: byte 0xe9 is not UTF-8 text; wanted vectors as text, not in a binary format",
        ),
        (
            b"2 3\nthe \x00\xff\x80?\x00\x00\n",
            "row 2: byte 0xff is not UTF-8 text; wanted vectors as text, not in a binary format",
        ),
    ],
)
def test_bad_rows(file: Path, content: str | bytes, message: str) -> None:
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(DataError) as caught:
        read_vectors(file, ["the", "dog"])
    assert str(caught.value) == f"{file}, {message}"


def test_files_of_no_use(file: Path) -> None:
    file.write_text("")
    with pytest.raises(DataError, match=r"vectors.txt is empty$"):
        read_vectors(file, TOKENS)
    file.write_text("le 1 2\nla 3 4\n")
    with pytest.raises(DataError) as caught:
        read_vectors(file, TOKENS)
    assert str(caught.value) == (
        f"{file}: none of the 7 tokens is in it; its first word is 'le', the last token 'dog'"
    )
    file.write_bytes(gzip.compress(ROWS.encode() * 1000)[:-97])
    with pytest.raises(DataError, match=r"vectors.txt cannot be unpacked with gzip: "):
        read_vectors(file, TOKENS)
    with pytest.raises(DataError, match=r"there is no such file$"):
        read_vectors(file.with_suffix(".none"), TOKENS)
