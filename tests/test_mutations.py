"""Hundreds of files with a few bytes changed: each is read, or refused in one line."""

import subprocess
import sys
from pathlib import Path

import numpy as np

from mutations import mutated

SCRIPT = Path(__file__).with_name("mutations.py")


def test_every_reader_takes_or_refuses_mutated_files() -> None:
    """In a process of its own, with the memory that one may have."""
    ended = subprocess.run(
        [sys.executable, SCRIPT, "--count", "400", "--seed", "3"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert " 0 wrong; slowest" in ended.stdout


def test_mutations_are_the_same_for_the_same_seed() -> None:
    content = bytes(range(256)) * 3
    first, second = (mutated(content, np.random.default_rng(5)) for _ in range(2))
    assert first == second
    assert all(mutated(content, np.random.default_rng(seed)) != content for seed in range(20))
