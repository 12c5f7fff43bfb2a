"""Weeks of web traffic: each class is changed as documented, where its spans say."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from regard import SeriesClassifier
from regard.config import resolve_config
from regard.data import Cases, webtraffic
from regard.errors import ConfigError
from regard.explain import inside_spans, localisation_ap
from regard.inputs.series.webtraffic import SIGNATURES, weeks_of_traffic
from regard.jobs import load_parts

CASES = webtraffic(series=200, seed=7)
SPANS = np.empty((0, 2), np.int64) if CASES.spans is None else CASES.spans
LABELS = np.empty(0) if CASES.labels is None else CASES.labels
WEEK = weeks_of_traffic(1, np.random.default_rng(3))[0]
STRETCH = slice(600, 757)
OWN = WEEK[STRETCH]

Values = NDArray[np.float64]


def changed(label: str) -> list[Values]:
    """The stretch after the signature, from 60 seeds."""
    found = []
    for seed in range(60):
        week = WEEK.copy()
        found.append(SIGNATURES[label](week, STRETCH, np.random.default_rng(seed)))
        assert (week == WEEK).all()
    return found


def test_classes_are_equally_many_in_random_order() -> None:
    assert CASES.values.shape == (200, 1, 1008)
    assert (CASES.lengths == 1008).all()
    names = ["none", "spikes", "flip", "skew", "noise", "cutoff", "average", "wander", "peak"]
    assert sorted(LABELS.tolist()) == sorted([*names, "trough"] * 20)
    assert len(set(LABELS[:20].tolist())) > 5
    assert CASES.values.min() == 0


def test_a_week_has_a_daily_and_a_weekly_wave_and_noise() -> None:
    for week in weeks_of_traffic(50, np.random.default_rng(0)):
        spectrum = np.abs(np.fft.rfft(week - week.mean()))
        assert 7 in np.argsort(spectrum)[-2:]
        # Second differences of independent noise have six times its variance. The weekly wave makes
        # .1 to .3 of it .04 at least, where it is .4, and .48 at most, where it is 1.6.
        assert 0.04 < np.std(np.diff(week, 2)) / np.sqrt(6) < 0.48
    generator = np.random.default_rng(1)
    mean = weeks_of_traffic(2000, generator).mean(0)
    assert mean.mean() == pytest.approx(3.75, abs=0.1)  # the intercept's mean
    early, late = mean[:504].mean(), mean[504:].mean()
    assert abs(early - late) > 0.5


def test_signatures_lie_in_their_spans_alone() -> None:
    generator = np.random.default_rng(7)
    generator.permutation(200)  # draws the order of the labels
    before = np.maximum(weeks_of_traffic(200, generator), 0)
    differs = CASES.values[:, 0] != before
    inside = inside_spans(SPANS, 1008)
    assert not (differs & ~inside).any()
    assert not inside[LABELS == "none"].any()
    for label in ("spikes", "flip", "skew", "noise", "average", "wander"):
        own = label == LABELS
        assert differs[own].sum() > 0.85 * inside[own].sum()


def test_a_stretch_has_a_quarter_of_a_day_to_two_days() -> None:
    lengths = (SPANS[..., 1] - SPANS[..., 0])[np.isin(LABELS, list(SIGNATURES))]
    assert (lengths[:, 1:] == 0).all()
    assert 36 <= lengths[:, 0].min() < 50
    assert 270 < lengths[:, 0].max() <= 288


def test_spikes_are_about_three_up_or_down_at_one_step_in_a_hundred() -> None:
    generator = np.random.default_rng(7)
    generator.permutation(200)
    before = weeks_of_traffic(200, generator)[LABELS == "spikes"]
    inside = inside_spans(SPANS, 1008)[LABELS == "spikes"]
    after = CASES.values[LABELS == "spikes", 0]
    sizes = (after - before)[inside]
    up = sizes > 0
    assert sizes[up].mean() == pytest.approx(3, abs=0.1)
    assert sizes[up].std() == pytest.approx(0.2, abs=0.05)
    stopped = after[inside] == 0
    assert sizes[~up & ~stopped].mean() == pytest.approx(-3, abs=0.2)
    assert 0.35 < up.mean() < 0.65
    assert inside.mean() == pytest.approx(0.01, abs=0.002)


def test_a_flip_reverses_the_stretch() -> None:
    assert all((found == OWN[::-1]).all() for found in changed("flip"))


def test_a_skew_moves_the_middle_of_a_stretch() -> None:
    middles: list[float] = []
    ramp: Values = np.arange(1008, dtype=np.float64)
    for seed in range(200):
        generator = np.random.default_rng(seed)
        found: Values = SIGNATURES["skew"](ramp, STRETCH, generator) - STRETCH.start
        assert (np.diff(found) > 0).all()
        assert (found[0], found[-1]) == (0, 156)
        middles.append(float(np.interp(78, found, np.arange(157))) / 157)
    early = np.array([at for at in middles if at < 0.5])
    late = np.array([at for at in middles if at > 0.5])
    assert 0.05 < early.min() < 0.07
    assert 0.23 < early.max() < 0.25
    assert 0.74 < late.min() < 0.77
    assert 0.93 < late.max() < 0.95


def test_noise_is_added() -> None:
    deviations = [(found - OWN).std() for found in changed("noise")]
    assert 0.4 < min(deviations) < 0.6
    assert 0.9 < max(deviations) < 1.15


def test_a_cutoff_is_noise_about_a_low_level() -> None:
    levels = [found.mean() for found in changed("cutoff")]
    assert -0.03 < min(levels) < 0.03
    assert 0.17 < max(levels) < 0.23
    assert np.mean([found.std() for found in changed("cutoff")]) == pytest.approx(0.1, abs=0.01)


def test_an_average_is_of_five_to_nine_steps_of_the_week() -> None:
    windows = set()
    for found in changed("average"):
        for window in range(2, 13):
            means = np.array([WEEK[at : at + window].mean() for at in range(590, 770)])
            # Of an even number of steps the middle is one of two.
            if any(
                np.allclose(found, means[10 - at :][:157]) for at in (window // 2, ~-window // 2)
            ):
                windows.add(window)
    assert windows == {5, 6, 7, 8, 9}


def test_a_wander_is_a_straight_line() -> None:
    ends = []
    for found in changed("wander"):
        line = found - OWN
        assert np.allclose(np.diff(line), line[-1] / 156)
        ends.append(line[-1])
    sizes = np.abs(ends)
    assert 2 <= sizes.min() < 2.1 < 2.9 < sizes.max() <= 3
    assert 0.3 < np.mean(np.array(ends) > 0) < 0.7


@pytest.mark.parametrize(("label", "sign"), [("peak", 1), ("trough", -1)])
def test_peaks_and_troughs_are_bells(label: str, sign: int) -> None:
    heights = []
    for found in changed(label):
        bell = sign * (found / OWN - 1)
        assert bell.argmax() == 78
        assert np.allclose(bell, bell[::-1], atol=1e-9)
        # A standard deviation of a tenth of the stretch.
        assert bell[78 + 31] / bell[78] == pytest.approx(np.exp(-((310 / 156) ** 2) / 2))
        heights.append(bell[78] * np.sqrt(2 * np.pi))
    assert 1.5 <= min(heights) < 1.6
    assert 2.4 < max(heights) <= 2.5


def test_a_configuration_draws_weeks_and_knows_where_signatures_are() -> None:
    model = {"encoder": "conv", "hidden": 4, "layers": 1, "stride": 16, "convolutions": False}
    data = {"kind": "webtraffic", "series": 60}
    config = resolve_config({"data": data, "model": model, "training": {"epochs": 1}, "seed": 3})
    parts = load_parts(config)
    test: Cases = parts.test
    assert test.spans is not None
    assert (test.values == webtraffic(series=60, seed=3).values[test.ids]).all()
    fitted = SeriesClassifier.from_config(config).fit(parts.train)
    seen = fitted.infer(test, maps=("weights",))
    found = fitted.input_.localisation(seen, lambda n: fitted.output_.outcome(seen, n))
    inside = inside_spans(test.spans, 1008)
    assert found == {
        "localisation_ap": localisation_ap(fitted.attend(test), test.spans, test.lengths),
        "localisation_chance": pytest.approx(inside[inside.any(1)].mean()),
    }


def test_the_seed_decides_the_draw() -> None:
    one, again, other = (webtraffic(series=10, seed=seed).values for seed in (1, 1, 2))
    assert (one == again).all()
    assert not (one == other).all(axis=(1, 2)).any()


@pytest.mark.parametrize(
    ("parameter", "value", "least"), [("series", 0, 1), ("series", 2.5, 1), ("seed", -1, 0)]
)
def test_parameters_out_of_range_are_named(parameter: str, value: float, least: int) -> None:
    given: dict[str, Any] = {parameter: value}
    with pytest.raises(ConfigError) as caught:
        webtraffic(**given)
    wanted = f"{parameter}: wanted a whole number of at least {least}, given {value}"
    assert str(caught.value) == wanted
