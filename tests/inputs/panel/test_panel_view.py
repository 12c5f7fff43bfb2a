"""One forecast as a page, a PNG and an SVG."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from regard import SeriesForecaster
from regard.errors import ConfigError, RunError
from regard.inputs.panel.view import PanelView, last_season
from regard.outputs.future.outcome import FutureOutcome
from regard.plots import ForecastView

HOSTILE = "<script>alert(1)</script> $x_1 \x07"
TIMES = np.datetime64("2020-02-28T20:00", "us") + np.arange(7) * np.timedelta64(1, "h")
SHARED: dict[str, Any] = {
    "columns": ("load", HOSTILE),
    "times": TIMES[:5],
    "future": TIMES[5:],
    "predicted": np.array([[5.5, 6.5], [1234.5, 0.0625]]),
    "truth": np.array([[5.0, 7.0], [1000.0, 0.125]]),
    "quantiles": {0.1: np.zeros((2, 2)), 0.9: np.array([[9.0, 8.0], [9.0, 7.0]])},
}
VIEW = PanelView(
    id=HOSTILE,
    outcome=FutureOutcome(**SHARED),
    forecast=ForecastView(
        past=np.arange(10.0).reshape(2, 5), weights=np.full((2, 5), 0.2), **SHARED
    ),
)


def _text(page: str) -> str:
    body = re.sub(r"<[^>]*>", " ", page[page.index("<body>") :])
    return " ".join(body.split())


def test_the_page_tells_everything() -> None:
    page = VIEW.html()
    text = _text(page)
    assert "after 2020-02-29" in text
    assert VIEW.said == f"series {HOSTILE}: 2 steps from 2020-02-29 01:00"
    assert "2 steps ahead, up to 2020-02-29 02:00, from the 5 before." in text
    assert page.count("<svg ") == 2  # one for each target
    row = "2020-02-29 01:00 5.500 0.000 to 9.000 5.000 1,234 0 to 9 1,000"
    assert row in text
    assert "2020-02-29 02:00 6.500 0.000 to 8.000 7.000 0 0 to 7 0" in text
    assert "The band is where the truth is expected to lie." in text
    labels = re.findall(r'aria-label="(Forecast[^"]*)"', page)
    assert labels[0].startswith("Forecast of load, 2 steps after 2020-02-29; of the 5 steps")


def test_the_page_escapes_and_refers_to_nothing() -> None:
    page = VIEW.html()
    assert "<script" not in page
    namespaces = {"http://www.w3.org/1999/xlink", "http://www.w3.org/2000/svg"}
    assert set(re.findall(r"https?://[^\"' <]+", page)) <= namespaces


def test_pictures(tmp_path: Path) -> None:
    VIEW.save(tmp_path / "f.png")
    assert (tmp_path / "f.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    VIEW.save(tmp_path / "f.html")
    assert (tmp_path / "f.html").read_text(encoding="utf-8") == VIEW.html()
    VIEW.save(tmp_path / "f.svg")
    root = ET.parse(tmp_path / "f.svg").getroot()
    texts = ["".join(node.itertext()) for node in root.iter("{http://www.w3.org/2000/svg}text")]
    assert any(text.endswith(", after 2020-02-29") for text in texts)
    assert {"load", "step ahead", "80 % band", "truth", "forecast"} <= set(texts)


def test_errors_are_those_of_every_picture(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="ends in .png, .svg or .html, given no ending"):
        VIEW.save(tmp_path / "f")
    (tmp_path / "f.svg").write_text("mine")
    with pytest.raises(RunError, match="exists; choose another name or pass overwrite=True"):
        VIEW.save(tmp_path / "f.svg")


@pytest.fixture(scope="module")
def shops() -> SeriesForecaster:
    """Two shops, named by numbers, that sell 7 times the weekday, and more on a holiday."""
    settings: dict[str, Any] = {
        "known": ["holiday", "price"], "horizon": 3, "window": 5, "season": 7, "encoder": "conv",
        "hidden": 4, "epochs": 1, "updates_per_epoch": 1, "random_state": 0,
    }  # fmt: skip
    return SeriesForecaster(**settings).fit(_shops(40))


def _shops(days: int, first: int = 0) -> pl.DataFrame:
    at = np.arange(first, first + days)
    parts = [
        pl.DataFrame(
            {
                "unique_id": shop,
                "ds": np.datetime64("2024-01-01", "D") + at,
                "y": 7.0 * (at % 7) + 100 * shop + 50 * (at % 9 == 0),
                "holiday": (at % 9 == 0).astype(int),
                "price": at / 3,
            }
        )
        for shop in (3, 4)
    ]
    return pl.concat(parts)


def _view(model: SeriesForecaster, cases: Any, n: int) -> PanelView:
    seen = model.infer(cases, maps=("weights",))
    view = model.input_.view(seen, n, model.output_.outcome(seen, n))
    assert isinstance(view, PanelView)
    return view


def test_a_series_named_by_a_number_keeps_its_name(shops: SeriesForecaster) -> None:
    incoming: Any = shops.input_
    ahead = incoming.ahead(None, _shops(3, 40))
    view = _view(shops, ahead, 1)
    assert (view.id, view.name) == ("4", "Series 4")
    assert view.title.startswith("Series 4, after 2024-02-09")
    alone = _view(shops, ahead.take(np.array([1])), 0)
    assert alone.id == "4"


def test_the_last_season_is_that_of_the_series_and_not_of_the_window(
    shops: SeriesForecaster,
) -> None:
    incoming: Any = shops.input_
    # 40 days: the steps ahead are days 40 to 42, a week before 33 to 35; the window is 5 days.
    view = _view(shops, incoming.ahead(_shops(40), _shops(3, 40)), 0)
    before = [7.0 * (day % 7) + 300 for day in (33, 34, 35)]
    assert view.forecast.before is not None
    np.testing.assert_allclose(view.forecast.before, [before])
    assert view.forecast.season == "week"
    short = _view(shops, incoming.ahead(None, _shops(3, 40)), 0)  # keeps the window alone
    assert short.forecast.before is None


def test_known_columns_of_zeros_and_ones_are_events(shops: SeriesForecaster) -> None:
    incoming: Any = shops.input_
    view = _view(shops, incoming.ahead(None, _shops(3, 40)), 0)
    # Days 35 to 39, then 40 to 42; day 36 is a holiday.
    assert list(view.forecast.events) == ["holiday"]
    assert view.forecast.events["holiday"].tolist() == [0, 1, 0, 0, 0, 0, 0, 0]


def test_a_history_of_one_season_is_repeated() -> None:
    history = np.array([[1.0, 2.0, 5.0]])
    found = last_season(history, horizon=4, season=3)
    assert found is not None
    assert found.tolist() == [[1, 2, 5, 1]]
    assert last_season(history, horizon=4, season=4) is None
    assert last_season(history, horizon=4, season=1) is None
