"""Texts to write for cases that are no texts."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from regard.errors import DataError
from regard.inputs.target_texts import column_texts, given_texts
from regard.tables.frames import Table


def test_long_texts_are_kept_whole() -> None:
    texts = ["a " * 400 + "b", "c"]
    assert given_texts(np.array(texts), 2).tolist() == texts


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("a red circle", "for one text write"),
        (["a", "b", "c"], "y has 3 texts, X has 2 cases"),
        (["a", None], "y, case 1: the text is missing"),
        (["  ", "a"], "y, case 0: the text is missing"),
        (["a", 3], "y, case 1: wanted text, given int"),
    ],
)
def test_what_is_no_text_for_each_case_is_refused(given: Any, said: str) -> None:
    with pytest.raises(DataError, match=said):
        given_texts(given, 2)


def test_missing_texts_of_new_cases_are_empty() -> None:
    assert given_texts(["a", None], 2, keep_missing=True).tolist() == ["a", ""]


def test_texts_of_a_table_are_as_they_are_written(tmp_path: Path) -> None:
    path = tmp_path / "captions.csv"
    path.write_text("path,caption\n1.png,007 \n2.png,\n3.png,a cat\n")
    assert column_texts(Table.open(path), "caption").tolist() == ["007", "", "a cat"]
