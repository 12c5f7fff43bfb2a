"""Series that never change, in a whole training."""

import warnings

import numpy as np
import pytest

from regard import SeriesClassifier
from regard.errors import DataError, RegardWarning

X = np.random.default_rng(0).normal(size=(20, 11))
Y = np.arange(20) % 2


def model(**options: object) -> SeriesClassifier:
    return SeriesClassifier(
        encoder="conv", hidden=4, epochs=1, updates_per_epoch=1, random_state=0, **options
    )


def test_series_that_never_change_are_counted() -> None:
    some = X.copy()
    some[[3, 4]] = 1.5
    with pytest.warns(RegardWarning, match=r"^2 of 20 training series never change$"):
        fitted = model().fit(some, Y)
    assert fitted.notes_ == ["2 of 20 training series never change"]


def test_series_of_three_steps_are_counted_up_to_their_own_end() -> None:
    some = [X[n, : 3 + n % 3] for n in range(20)]
    some[6], some[7] = np.full(3, 1.5), np.full(4, -2.5)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RegardWarning)
        notes = model().fit(some, Y).notes_
    assert "2 of 20 training series never change" in notes


def test_the_level_of_constant_series_may_tell_classes_apart() -> None:
    levels = np.repeat(Y[:, None] * 2.0, 11, axis=1)
    with pytest.warns(RegardWarning, match=r"^20 of 20 training series never change$"):
        model(scaling="channel").fit(levels, Y)
    with pytest.raises(DataError, match=r"^all 20 series are constant, and the same after scaling"):
        model(scaling="series").fit(levels, Y)


def test_series_of_one_step_are_not_called_constant() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RegardWarning)  # it may learn nothing in one update
        notes = model().fit(X[:, :1], Y).notes_
    assert not any("never change" in note for note in notes)


def test_cases_with_gaps_are_left_out_of_training_and_said() -> None:
    some, labels = X.copy(), [int(each) for each in Y]
    some[3, 5] = np.nan
    given = [*labels[:7], None, *labels[8:]]
    with pytest.warns(RegardWarning, match="left out"):
        fitted = model(missing="skip").fit(some, given)
    assert fitted.classes_.tolist() == [0, 1]
    assert fitted.notes_ == [
        "1 of 20 cases is left out: no label (case 7)",
        "1 of 20 cases is left out: missing values (case 3)",
    ]
    with pytest.raises(DataError, match="case 3, channel 0, step 5: the value is missing"):
        fitted.predict(some)
