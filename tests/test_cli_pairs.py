"""Pairs of texts that cannot be learned from: one line, and nothing is written."""

import json
from pathlib import Path
from typing import Any

import pytest

from commands import Regard


def _parallel(source: str, target: str, **data: Any) -> dict[str, Any]:
    return {"kind": "parallel", "source": source, "target": target, **data}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (_parallel("a\nb\n", "c\n"), "a.en has 2 lines, a.de has 1 line; wanted a target for each"),
        (_parallel("a\nb\n", "c\n\n"), "line 2: the target is missing; set"),
        (_parallel("a\n", "\n"), "a.de is empty"),
        (_parallel("a\n", "\udce9\n"), "a.de, row 1: byte 0xe9 is not UTF-8 text; set"),
        (
            _parallel("a b\na c\nb c\n", "d\ne\nf\n", max_tokens=1),
            "all 2 pairs have a source or target of more ",
        ),
        (
            _parallel("a\nb\nc\n", "d\n" * 3),
            "all 2 texts to learn from are the same ('d'); there is ",
        ),
        (_parallel("a\n" * 9, "b\n" * 9), "wanted two different sources, given one in all 9 texts"),
        ({"kind": "table", "target": "en", "source": "de"}, "has no column 'de' (source)"),
        ({"kind": "dates", "languages": ["fr"]}, 'data.languages.0: "fr" is not one of en, de'),
    ],
)
def test_data_that_cannot_be_learned_from(
    regard: Regard,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    data: dict[str, Any],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    given = dict(data)
    if data["kind"] == "parallel":
        for side, path in (("source", Path("a.en")), ("target", Path("a.de"))):
            path.write_bytes(given.pop(side).encode("utf-8", "surrogateescape"))
            given[f"{side}_path"] = str(path)
    elif data["kind"] == "table":
        Path("a.csv").write_text("en,fr\na,b\n")
        given["path"] = "a.csv"
    model = {"tokens": "word", "hidden": 8}
    Path("x.json").write_text(json.dumps({"task": "translate", "data": given, "model": model}))
    before = sorted(tmp_path.iterdir())
    assert said in regard.fails("train", "x.json", "--out", "run")
    assert sorted(tmp_path.iterdir()) == before
