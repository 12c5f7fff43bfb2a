"""What files say reaches a terminal as text, and nothing of it steers that."""

import ast
import csv
import json
import os
import pty
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

import regard
from regard import cli
from regard.errors import DataError, RegardWarning, printable
from regard.runs import escaped, unescaped, write_table

SOURCE = Path(regard.__file__).parent
PRINTING = ("print", "typer.echo", "typer.secho", "sys.stdout.write", "sys.stderr.write")

HOSTILE = {
    "colour": "\x1b[31mred",
    "title": "\x1b]0;owned\x07",
    "one byte": "\x9b2Jgone",
    "back": "fine\rwrong",
    "delete": "fine\x08\x7f",
    "override": "\u202egnp.exe",
    "isolate": "\u2066a\u2069",
    "half": "\udce9",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_texts_errors_and_warnings_steer_no_terminal(text: str) -> None:
    shown = printable(text)
    assert shown.isprintable()
    assert len(shown) == len(text)
    error = DataError(f"{text}: wrong", fixes=(("label", text),))
    assert str(error).isprintable()
    assert error.message.isprintable()
    with pytest.warns(RegardWarning) as caught:
        warnings.warn(text, RegardWarning, stacklevel=1)
    assert str(caught[0].message) == shown
    assert printable("Grüße, 世界 👩‍🔬 שלום\u200f") == "Grüße, 世界 👩‍🔬 שלום\u200f"


def test_one_module_prints() -> None:
    """Every other one would have to think of control characters."""
    for path in SOURCE.rglob("*.py"):
        if path == SOURCE / "terminal.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                assert called not in PRINTING, f"{path}: {called}"
                assert not called.endswith("console.print"), path


def test_the_module_that_prints_lets_nothing_through() -> None:
    """`say` and progress, which is of numbers alone, and a console that is given printable text."""
    tree = ast.parse((SOURCE / "terminal.py").read_text(encoding="utf-8"))
    found = {
        function.name
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("echo", ".print"))
    }
    assert found == {"say", "print_progress", "print_answer"}


def test_memory_that_is_not_there_is_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def exhausted() -> None:
        raise MemoryError

    monkeypatch.setattr(cli.commands, "app", exhausted)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 2
    said = "error: there is not enough memory; wanted less data or a smaller model\n"
    assert capsys.readouterr().err == said


TEXT = "{0} says a b c d e f g {1}"
RUN = """
import sys
from regard.cli import main
for words in {commands!r}:
    sys.argv = ["regard", *words]
    try:
        main()
    except SystemExit as ended:
        print("ended", ended.code)
"""


def on_a_terminal(commands: list[list[str]], folder: Path) -> str:
    """What is written to a terminal by the command line."""
    ours, theirs = pty.openpty()
    code = RUN.format(commands=commands)
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=folder, stdin=theirs, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        written = b""
        while True:
            try:
                chunk = os.read(ours, 2**16)
            except OSError:  # that the other side is closed
                break
            if not chunk:
                break
            written += chunk
        os.close(ours)
    assert process.returncode == 0, written.decode(errors="replace")
    return written.decode(errors="surrogateescape")


def test_labels_names_and_notes_steer_no_terminal(tmp_path: Path) -> None:
    given = [text for name, text in HOSTILE.items() if name != "half"]
    labels = [f"{text} x" for text in given]
    with (tmp_path / "texts.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "text\x1b[2J", "label"])
        for n in range(12 * len(labels)):
            label = labels[n % len(labels)]
            writer.writerow([f"{label} {n}", TEXT.format(label, n), label])
        writer.writerow(["last \x1b[5m", f"{labels[0]} no label", ""])
    data = {"kind": "table", "path": "texts.csv", "id": "id", "text": "text\x1b[2J"}
    config = {
        "task": "classify-text",
        "data": data | {"missing": "skip"},
        "model": {"hidden": 8},
        "training": {"epochs": 1, "device": "cpu"},
    }
    (tmp_path / "c.json").write_text(json.dumps(config))
    (tmp_path / "d.json").write_text(json.dumps(config | {"data": data | {"label": "\x1b[7m"}}))
    (tmp_path / "a\x1b[9m.csv").write_text("label\n")
    commands = [
        ["train", "c.json", "--out", "run\x1b[4m"],
        ["show", "run\x1b[4m"],
        ["predict", "run\x1b[4m", "texts.csv"],
        ["predict", "run\x1b[4m", "--text", f"{labels[0]} says \x1b[2J"],
        ["predict", "run\x1b[4m", "a\x1b[9m.csv"],
        ["explain", "run\x1b[4m", "texts.csv", "--case", "\x1b[3m", "--out", "a.png"],
        ["train", "d.json"],
        ["compare", "c.json", "--attention", "dot", "--seeds", "1", "--out", "all\x1b[4m"],
    ]
    written = on_a_terminal(commands, tmp_path)
    assert written.count("ended 2") == 3, written
    assert "Traceback" not in written
    for text in (*given, "\x1b[2J", "\x1b[3m", "\x1b[4m", "\x1b[5m", "\x1b[7m", "\x1b[9m"):
        assert text not in written
    for mark in ("\x9b", "\x07", "\u202e", "\u2066", "\x7f"):
        assert mark not in written
    for name in ("owned", "gone", "gnp.exe", "\ufffd[31mred x"):
        assert name in written


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("+1+1", "'+1+1"),
        ("-2+3+cmd|' /C calc'!A0", "'-2+3+cmd|' /C calc'!A0"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1+1", "'\t=1+1"),
        ("\r=1", "'\r=1"),
        ("\uff1d1+1", "'\uff1d1+1"),
        ("'=1+1", "''=1+1"),
        ("-1.5", "-1.5"),
        ("+2e-05", "+2e-05"),
        ("-", "-"),
        ("it's", "it's"),
        ("'tis", "'tis"),
        ("a=b", "a=b"),
    ],
)
def test_a_spreadsheet_takes_no_text_for_a_formula(cell: str, written: str, tmp_path: Path) -> None:
    assert escaped(cell) == written
    assert unescaped(written) == cell
    for name, mark in (("a.csv", ","), ("a.tsv", "\t")):
        write_table(tmp_path / name, {cell: [cell, "x"], "number": [-1.5, 2]})
        with (tmp_path / name).open(newline="", encoding="utf-8") as file:
            rows = list(csv.reader(file, delimiter=mark))
        assert rows == [[written, "number"], [written, "-1.5"], ["x", "2"]]
