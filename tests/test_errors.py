"""Errors: what is wrong, and how to fix it in Python and at the command line."""

import copy
import pickle

import pytest

from regard import cli, errors
from regard.errors import ConfigError, DataError, RegardError, RunError

CASES: list[tuple[tuple[str, ...], str, str]] = [
    ((), "x: wrong", "x: wrong"),
    (
        ("overwrite",),
        "x: wrong; choose another name or pass overwrite=True",
        "x: wrong; choose another name or use --overwrite",
    ),
    (
        ("resume", "overwrite"),
        "x: wrong; pass resume=True to continue, or choose another name or pass overwrite=True",
        "x: wrong; use --resume to continue, or choose another name or use --overwrite",
    ),
    (
        ("labelled",),
        "x: wrong; pass labelled=True or labelled=False",
        "x: wrong; use --labelled or --unlabelled",
    ),
    (("future",), "x: wrong; pass future", "x: wrong; use --future"),
]


@pytest.mark.parametrize(("fixes", "python", "line"), CASES)
@pytest.mark.parametrize("kind", [RegardError, ConfigError, DataError, RunError])
def test_fixes_are_told_in_the_words_of_the_caller(
    kind: type[RegardError],
    fixes: tuple[str, ...],
    python: str,
    line: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    error = kind("x: wrong", fixes=fixes)
    assert str(error) == python

    def fails() -> None:
        raise error from None

    monkeypatch.setattr(cli, "app", fails)
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 2
    assert capsys.readouterr().err == f"error: {line}\n"


@pytest.mark.parametrize("kind", [RegardError, ConfigError, DataError, RunError])
def test_copies_keep_the_fixes(kind: type[RegardError]) -> None:
    error = kind("x: exists", fixes=("overwrite",))
    for other in (copy.copy(error), copy.deepcopy(error), pickle.loads(pickle.dumps(error))):
        assert type(other) is kind
        assert (str(other), other.fixes) == (str(error), ("overwrite",))


def test_python_and_the_command_line_have_the_same_fixes() -> None:
    assert errors._FIXES.keys() == cli._FIXES.keys()
