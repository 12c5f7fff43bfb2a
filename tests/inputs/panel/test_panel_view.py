"""One forecast as a page, a PNG and an SVG."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from regard.errors import ConfigError, RunError
from regard.inputs.panel.view import PanelView
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
    row = "2020-02-29 01:00 5.500 0.000 to 9.000 5.000 1,234 0.000 to 9.000 1,000"
    assert row in text
    assert "2020-02-29 02:00 6.500 0.000 to 8.000 7.000 0.06250 0.000 to 7.000 0.1250" in text
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
