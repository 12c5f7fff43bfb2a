import pytest

from regard.errors import DataError
from regard.tables.problems import Problems


def told(problems: Problems) -> str:
    with pytest.raises(DataError) as caught:
        problems.refuse()
    return str(caught.value)


def test_nothing_is_refused_where_there_is_no_problem() -> None:
    problems = Problems("a.csv")
    problems.refuse()
    assert len(problems) == 0


def test_one_problem_is_told_as_ever() -> None:
    problems = Problems("a.csv")
    problems.add("the text is empty", ["row 3"])
    assert told(problems) == "a.csv, row 3: the text is empty"


def test_places_of_a_kind_are_told_together_and_counted() -> None:
    problems = Problems("a.csv")
    for row in (3, 5, 8):
        problems.add("the text is empty", [f"row {row}"])
    assert told(problems) == "a.csv, row 3: the text is empty; also row 5 and row 8"
    problems.add("the text is empty", ["row 9"])
    assert told(problems) == "a.csv, row 3: the text is empty; also row 5 and row 8 (4 in all)"


def test_places_beyond_the_third_are_not_named() -> None:
    problems, named = Problems("a.csv"), []

    def place(row: int) -> str:
        named.append(row)
        return f"row {row}"

    problems.add("the value is missing", (place(row) for row in range(1000)), count=1000)
    assert "row 0: the value is missing; also row 1 and row 2 (1000 in all)" in told(problems)
    assert named == [0, 1, 2]


def test_kinds_are_told_in_their_order_with_each_fix_once() -> None:
    problems = Problems("a.csv")
    skip = (("missing", "skip"),)
    problems.add("the text is empty", ["row 3"], fixes=skip)
    problems.add("the label is missing", ["row 2"], fixes=skip)
    for row in range(5, 9):
        problems.add(f"'{row}x' is not a number", [f"row {row}"])
        if row == 6:
            assert "'5x' is not a number; one more problem; pass" in told(problems)
    assert told(problems) == (
        "a.csv, row 3: the text is empty; row 2: the label is missing; row 5: '5x' is not a "
        "number; 3 more problems; pass missing='skip'"
    )


def test_what_was_given_makes_no_kind_of_its_own() -> None:
    problems = Problems("a.txt")
    for row, given in enumerate(("x", "y, given z", "step 3: w", "v")):
        problems.add(f"step {row} (3), event 0: wanted a number, given {given!r}", [f"row {row}"])
    problems.add("step 1: wanted a letter, given '3'", ["row 9"])
    assert told(problems) == (
        "a.txt, row 0: step 0 (3), event 0: wanted a number, given 'x'; also row 1 and row 2 "
        "(4 in all); row 9: step 1: wanted a letter, given '3'"
    )
