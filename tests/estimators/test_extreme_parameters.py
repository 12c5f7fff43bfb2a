"""Numbers that no one means: each is refused in one line, or the model answers."""

from typing import Any

import numpy as np
import pytest

from hostile import TASKS, small
from regard.data import sine
from regard.errors import ConfigError, RegardError

LARGE, LITTLE = 1e308, 1e-308


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("task", "field", "little"),
    [
        ("classify-sound", "hop", "refused"),
        ("classify-sound", "window", "refused"),
        ("classify-sound", "max_seconds", "refused"),
        ("caption", "length_penalty", "answered"),
        ("caption", "coverage_penalty", "answered"),
        ("caption", "longest", "answered"),
        ("compose", "temperature", "answered"),
    ],
)
def test_refused_or_answered(task: str, field: str, little: str) -> None:
    X, y = TASKS[task][1]()
    with pytest.raises(ConfigError, match=f"{field}: wanted less than or equal to"):
        small(task, **{field: LARGE}).fit(X, y)
    model = small(task, **{field: LITTLE})
    if little == "refused":
        with pytest.raises(RegardError, match=field):
            model.fit(X, y)
    else:
        predicted = model.fit(X, y).predict(X)
        assert len(getattr(predicted, "events", predicted)) == len(X)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("noise", LARGE),
        ("frequency", (LARGE, LARGE)),
        ("amplitude", (1.0, LARGE)),
        ("phase", (-LARGE, LARGE)),
    ],
)
def test_series_of_any_size_are_not_made(field: str, value: Any) -> None:
    with pytest.raises(ConfigError, match=f"^{field}: wanted .*1e9"):
        sine(series=4, steps=9, **{field: value})


def test_a_low_temperature_is_the_likeliest() -> None:
    chords = [["Dm7 G7 Cmaj7 Am7", "Am7 Dm7 G7 Cmaj7"] * 4]
    model = small("compose").fit(*chords)
    likeliest = model.predict(["Dm7", "Am7"], top_k=1).events
    for temperature in (LITTLE, 1e-9):
        cold = model.predict(["Dm7", "Am7"], temperature=temperature).events
        for own, other in zip(cold, likeliest, strict=True):
            np.testing.assert_array_equal(own, other)
