"""The command line as the tests call it."""

import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer.main

from regard import cli

TINY: dict[str, Any] = {
    "data": {"kind": "sine", "series": 60, "steps": 41},
    "model": {"encoder": "conv-bilstm", "pooling": "attention", "hidden": 8},
    "training": {"epochs": 2, "updates_per_epoch": 1, "device": "cpu"},
}


_command = cache(typer.main.get_command)  # made once, and not for every call


class Regard:
    """Runs `regard ...` in this process and keeps what it printed, lines of epochs apart."""

    def __init__(self, capsys: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch) -> None:
        self._capsys, self._patch = capsys, patch
        self.out = self.err = ""
        self.epochs: list[str] = []

    def __call__(self, *words: str | Path) -> int:
        self._patch.setattr(sys, "argv", ["regard", *map(str, words)])
        self._patch.setattr(typer.main, "get_command", _command)
        try:
            cli.main()
            code: Any = 0
        except SystemExit as end:
            code = end.code
        self.out, said = self._capsys.readouterr()
        lines = said.splitlines(keepends=True)
        self.epochs = [line for line in lines if line.startswith("epoch ")]
        self.err = "".join(line for line in lines if line not in self.epochs)
        return int(code or 0)

    def fails(self, *words: str | Path) -> str:
        """What is said, which must be one line, when it must fail."""
        assert self(*words) == 2
        assert "Traceback" not in self.err
        assert len(self.err.strip().splitlines()) == 1
        return self.err.strip()
