from pathlib import Path
from typing import Any

import numpy as np
import pytest

from regard.data import read_ts
from regard.errors import DataError

HEADER = "@problemName Toy\n@timeStamps false\n@classLabel true left right\n"  # lines 1 to 3


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "toy.ts"


def refusal(file: Path, content: str, **options: Any) -> str:
    file.write_text(content)
    with pytest.raises(DataError) as caught:
        read_ts(file, **options)
    return str(caught.value).replace(str(file), "toy.ts")


def test_channels_and_lengths_of_their_own(file: Path) -> None:
    file.write_text(
        "# made by hand\n\n@PROBLEMNAME Toy\n@TimeStamps FALSE\n@missing false\n@univariate false\n"
        "@dimensions 3\n@equallength false\n@classlabel true left right\n@Data\n"
        "1,2,3,4,5:6,7,8,9,10:11,12,13,14,15:right\n# between\n 1.5 , -2e1:0,1:3,4: left \n"
    )
    cases = read_ts(file)
    assert cases.values.shape == (2, 3, 5)
    assert cases.values[0].tolist() == [[1, 2, 3, 4, 5], [6, 7, 8, 9, 10], [11, 12, 13, 14, 15]]
    assert cases.values[1].tolist() == [[1.5, -20, 0, 0, 0], [0, 1, 0, 0, 0], [3, 4, 0, 0, 0]]
    assert cases.lengths.tolist() == [5, 2]
    assert cases.labels is not None
    assert cases.labels.tolist() == ["right", "left"]


def test_classes_written_as_numbers_match_however_written(file: Path) -> None:
    file.write_text("@classLabel true 1 2\n@data\n5,6:1.0\n7,8:2\n")
    labels = read_ts(file).labels
    assert labels is not None
    assert labels.tolist() == ["1", "2"]


def test_a_mark_of_a_missing_label_may_be_declared_as_a_class(file: Path) -> None:
    file.write_text("@classLabel true NA up\n@data\n5,6:NA\n7,8:up\n")
    labels = read_ts(file).labels
    assert labels is not None
    assert labels.tolist() == ["NA", "up"]
    said = refusal(file, "@classLabel true down up\n@data\n5,6:NA\n7,8:up\n")
    assert said == "toy.ts, line 3: the label is missing; pass missing='skip'"


def test_targets_are_numbers(file: Path) -> None:
    file.write_text("@targetlabel true\n@data\n5,6,7:0.25\n7,8,9:-3\n")
    cases = read_ts(file)
    assert cases.values.shape == (2, 1, 3)
    assert cases.labels is not None
    assert cases.labels.dtype == np.float64
    assert cases.labels.tolist() == [0.25, -3]


def test_without_labels_every_field_is_a_channel(file: Path) -> None:
    file.write_text("@classLabel false\n@data\n5,6,7:1,2,3\n")
    cases = read_ts(file)
    assert cases.labels is None
    assert cases.values.tolist() == [[[5, 6, 7], [1, 2, 3]]]


def test_headers_may_say_more_than_is_read(file: Path) -> None:
    file.write_text("@\n@author me: myself\n@missing\n@classLabel true a\n@data\n5,6:a\n")
    assert read_ts(file).values.tolist() == [[[5, 6]]]


def test_classes_need_not_be_listed(file: Path) -> None:
    file.write_text("@classLabel true\n@data\n5,6:b\n7,8:a\n")
    labels = read_ts(file).labels
    assert labels is not None
    assert labels.tolist() == ["b", "a"]


def test_missing_values(file: Path) -> None:
    content = HEADER + "@data\n1,2,3:4,5,6:left\n1,2,3:4,?,NaN:right\n"
    assert refusal(file, content) == (
        "toy.ts, line 6, channel 1, step 1: the value is missing (NaN); also line 6, channel 1, "
        "step 2; pass missing='interpolate'"
    )
    assert read_ts(file, missing="interpolate").values[1, 1].tolist() == [4, 4, 4]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            HEADER + "@data\n1,2:3,4:left\n1,2,3:4,5:right\n",
            "toy.ts, line 6, channel 1 has 2 steps, channel 0 has 3",
        ),
        (
            HEADER + "@data\n1,2:3,4:left\n1,2:right\n",
            "toy.ts, line 6 has 1 channels, the first case has 2",
        ),
        (
            HEADER + "@dimensions 3\n@data\n1,2:3,4:left\n",
            "toy.ts, line 6 has 2 channels, @dimensions declares 3",
        ),
        (
            HEADER + "@univariate true\n@data\n1,2:left\n1,2:3,4:left\n",
            "toy.ts, line 7 has 2 channels, @univariate true means 1",
        ),
        (
            HEADER + "@equalLength true\n@data\n1,2:left\n1,2,3:left\n",
            "toy.ts, line 7 has 3 steps, @equalLength true wants 2",
        ),
        (
            HEADER + "@equalLength true\n@seriesLength 5\n@data\n1,2:left\n",
            "toy.ts, line 7 has 2 steps, @equalLength true wants 5",
        ),
        (
            HEADER + "@data\n1,2:left\n1,2:up\n",
            "toy.ts, line 6: label 'up' is not a class; @classLabel declares left, right",
        ),
        (
            "@classLabel true\n@data\n1,2:\n",
            "toy.ts, line 3: the label is missing; pass missing='skip'",
        ),
        (HEADER + "@data\n1,2\n", "toy.ts, line 5 has no label: wanted one after the last colon"),
        (
            HEADER + "@data\n1,2:3,x:left\n",
            "toy.ts, line 5, channel 1, step 1: 'x' is not a number",
        ),
        (HEADER + "@data\n1,2::left\n", "toy.ts, line 5, channel 1 has no values"),
        (
            HEADER + "@data\n1,inf:left\n",
            "toy.ts, line 5, channel 0, step 1: the value is infinite (inf); "
            "wanted a finite number",
        ),
        (HEADER + "@data\n", "toy.ts has no case after @data"),
        (HEADER, "toy.ts has no line @data"),
        (
            HEADER + "1,2:left\n@data\n",
            "toy.ts, line 4: wanted a line that starts with @, or @data before this",
        ),
        (
            "@timeStamps true\n@classLabel true a\n@data\n(0,1),(1,2):a\n",
            "toy.ts has timestamps (@timeStamps true), which are not supported; wanted steps "
            "at equal intervals (@timeStamps false), or use a table",
        ),
        (
            "@problemName Toy\n@data\n1,2:a\n",
            "toy.ts has neither @classLabel nor @targetLabel before @data",
        ),
        (
            "@classLabel true a\n@targetLabel true\n@data\n1,2:a\n",
            "toy.ts has both @classLabel true and @targetLabel true; wanted one",
        ),
        (
            "@targetLabel true\n@data\n1,2:3\n1,2:?\n",
            "toy.ts, line 4: the target is missing; pass missing='skip'",
        ),
        (
            "@targetLabel true\n@data\n1,2:inf\n",
            "toy.ts, line 3: the target is 'inf'; wanted a finite number",
        ),
        ("@univariate yes\n", "toy.ts, line 1: @univariate: wanted true or false, given 'yes'"),
        (
            "@dimensions two\n",
            "toy.ts, line 1: @dimension: wanted a whole number from 1, given 'two'",
        ),
        ("\n", "toy.ts is empty"),
    ],
)
def test_what_cannot_be_read_is_named(file: Path, content: str, message: str) -> None:
    assert refusal(file, content) == message
