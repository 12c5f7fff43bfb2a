"""Tables with very many columns: nothing is asked of a frame or a list once for each of them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from regard.data import read_csv, read_panel, read_table
from regard.inputs.series import sheet
from regard.tables.frames import Table

WIDTH = 3001


class Names(tuple[str, ...]):
    """Names that count how often they are searched from the start."""

    searched = 0

    def count(self, value: Any, /) -> int:
        Names.searched += 1
        return super().count(value)

    def index(self, value: Any, *places: Any) -> int:
        Names.searched += 1
        return super().index(value, *places)


def test_a_header_is_searched_once_for_all_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"t{at}" for at in range(WIDTH)]
    rows = [["a", *names], ["x", *["0.5", "0.1"] * 1500, "1"], ["y", *["0.2", "0.3"] * 1500, "2"]]
    (tmp_path / "a.csv").write_text("".join(",".join(row) + "\n" for row in rows))
    made = sheet.Sheet._with_names
    monkeypatch.setattr(sheet.Sheet, "_with_names", lambda self, given: made(self, Names(given)))
    cases = read_csv(tmp_path / "a.csv", label="a")
    assert cases.columns == tuple(names)
    assert cases.values.shape == (2, 1, WIDTH)
    assert Names.searched < 10


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_frame_is_asked_for_all_columns_at_once(
    ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / f"a.{ending}"
    numbers = np.random.default_rng(0).normal(size=(4, WIDTH)).round(3)
    columns = dict(zip((f"c{at}" for at in range(WIDTH)), numbers.T, strict=True))
    keys = {"case": ["a", "a", "b", "b"], "time": [0, 1, 0, 1], "label": ["x", "x", "y", "y"]}
    frame = pl.DataFrame(keys | columns)
    write: Callable[[Path], Any] = frame.write_csv if ending == "csv" else frame.write_parquet
    write(path)
    asked = 0
    get = pl.DataFrame.__getitem__
    names = pl.DataFrame.columns.fget  # type: ignore[attr-defined]

    def counted(self: pl.DataFrame, *given: Any) -> Any:
        nonlocal asked
        asked += 1
        return get(self, *given)

    def listed(self: pl.DataFrame) -> Any:
        nonlocal asked
        asked += 1
        return names(self)

    monkeypatch.setattr(pl.DataFrame, "__getitem__", counted)
    monkeypatch.setattr(
        pl.DataFrame,
        "columns",
        property(listed, pl.DataFrame.columns.fset),  # type: ignore[attr-defined]
    )
    cases = read_table(path)
    assert cases.channels == tuple(columns)
    np.testing.assert_array_equal(cases.values[0], numbers[:2].T)
    assert asked < 100
    panel = read_panel(path, time="time", id="case")
    assert panel.targets == tuple(columns)
    np.testing.assert_array_equal(panel.values[1], numbers[2:].T)
    assert asked < 200


def test_columns_of_texts_and_numbers_may_stand_in_any_order(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {"value": ["1", " 2 ", "n/a"], "b": [1, 2, None], "variable": ["3", "", "5"]}
    )
    frame.write_parquet(tmp_path / "a.parquet")
    table = Table.open(tmp_path / "a.parquet")
    found = table.numbers(["b", "variable", "value", "b"])
    gap = np.nan
    wanted = [[1, 3, 1, 1], [2, gap, 2, 2], [gap, 5, gap, gap]]
    np.testing.assert_array_equal(found, wanted)
    assert table.of_numbers(["variable", "b", "value"]) == ["variable", "b", "value"]
