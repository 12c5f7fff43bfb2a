"""The verdict below a picture."""

import re

from regard.plots import Trust, said


def test_a_sentence_and_its_strip() -> None:
    trust = Trust(
        verdict=said("believe"),
        sentence="a <b> b",
        gain=0.5,
        elsewhere=[0.0, 0.1, -0.2],
        occlusion=0.6,
    )
    page = str(trust.html())
    assert "<b>Believe</b>: a &lt;b&gt; b." in page
    places = [float(x) for x in re.findall(r'x1="([\d.]+)"', page)]
    *elsewhere, here, zero = places
    assert min(elsewhere) < zero < here
    assert re.findall(r"<text[^>]*>([^<]*)<", page) == ["0", "-0.2", "0.6"]
    assert len(elsewhere) == 3
    assert max(elsewhere) < here
    [ring] = re.findall(r'cx="([\d.]+)"', page)
    assert here < float(ring)
    assert "moves the answer by 0.50 (black tick), the same map elsewhere by -0.20 to 0.10" in page


def test_without_a_measurement_there_is_no_strip() -> None:
    page = str(Trust(verdict=said("weak"), sentence="why").html())
    assert page == '<p class="trust"><b>Weak</b>: why.</p>'
    assert said("do not") == "Do not believe"
    assert said("do not", measured=False) == "Too few cases"


def test_equal_gains_have_a_strip() -> None:
    trust = Trust(verdict=said("do not"), sentence="why", gain=0.0, elsewhere=[0.0], occlusion=0.0)
    assert "nan" not in str(trust.html())
