"""Notes of a classifier's classes, figures and probabilities."""

from typing import Any

import numpy as np

from regard.outputs.classes.metrics import classification_metrics
from regard.outputs.classes.notes import certainty_notes, class_notes


def _metrics(labels: list[str], rare: list[float]) -> dict[str, Any]:
    """Of two classes; `rare` is the probability of the first."""
    first = np.array(rare)
    probabilities = np.stack([first, 1 - first], 1)
    return classification_metrics(np.array(labels), probabilities, np.unique(labels))


ONE_OF_TEN = _metrics(["faulty"] + ["ok"] * 9, [0.7] + [0.2] * 9)


def test_what_is_not_calibrated_is_said_with_the_fix() -> None:
    def notes(*, calibrated: bool = False, calibration: str = "validation") -> list[str]:
        options = {"calibrated": calibrated, "calibration": calibration}
        return certainty_notes(ONE_OF_TEN, weighted=False, **options)  # type: ignore[arg-type]

    # The predicted class has .7 once and .8 nine times.
    assert notes() == [
        "the probabilities are not calibrated: on average 0.790, where 1.000 of the predictions "
        'are right; set "calibration": "refit" in "training"'
    ]
    assert notes(calibration="refit")[0].endswith("; too few cases to calibrate on")
    assert notes(calibrated=True) == []


def test_the_shift_by_class_weights_is_said() -> None:
    (note,) = certainty_notes(ONE_OF_TEN, calibrated=True, calibration="validation", weighted=True)
    assert note.endswith("'faulty' has 0.250 on average and is 0.100 of the test cases")


def test_a_constant_answer_that_does_as_well_is_named() -> None:
    (note,) = class_notes(ONE_OF_TEN)
    assert note == (
        "always predicting 'ok' would reach the accuracy 0.9000; 1 of 10 test cases are 'faulty'"
    )
    assert class_notes(_metrics(["a", "a", "b", "b"], [0.9, 0.9, 0.1, 0.1])) == []
    # Three of four are right, as with b alone.
    assert len(class_notes(_metrics(["a", "b", "b", "b"], [0.1] * 4))) == 1


def test_a_constant_answer_is_one_that_was_trained_on() -> None:
    metrics = _metrics(["elsewhere"] * 3 + ["hall"] * 2, [0.0] * 5)
    (note,) = class_notes(metrics, {"hall", "attic"})
    assert note == (
        "always predicting 'hall' would reach the accuracy 0.4000; 3 of 5 test cases are "
        "'elsewhere'"
    )
    assert class_notes(metrics, {"attic", "none"}) == []


def test_a_test_part_of_one_class_is_said() -> None:
    metrics = classification_metrics(
        np.array(["a", "a"]), np.array([[0.9, 0.1]] * 2), np.array(["a", "b"])
    )
    (note,) = class_notes(metrics)
    assert note == (
        "always predicting 'a' would reach the accuracy 1.0000; the test part has no other class"
    )


def test_labels_that_are_the_same_number_are_named() -> None:
    (note,) = class_notes(_metrics(["100", "1e2"], [0.9, 0.1]))
    assert note == "'100', '1e2' are classes of their own, and the same number"
