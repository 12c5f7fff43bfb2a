"""Real trainings that are killed at random moments, and resumed."""

from pathlib import Path

from commands import TINY
from killing import kill_and_resume, trainings


def test_a_training_killed_at_random_is_resumed_to_the_same_end(tmp_path: Path) -> None:
    training = {**TINY["training"], "epochs": 4}
    with trainings() as train:
        counts = kill_and_resume({**TINY, "training": training}, tmp_path, train, kills=4)
    assert counts["killed"] >= 2
