"""Published pairs of sentences, where `REGARD_DATA` names their folder."""

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from regard.inputs.text.config import sections
from regard.inputs.text.paired import PairedInput
from regard.inputs.text.pairs import read_pairs, read_parallel
from regard.inputs.text.texts import Texts

FOLDER = Path(os.environ.get("REGARD_DATA", "."), "pairs")

pytestmark = pytest.mark.skipif(
    not (FOLDER / "multi30k").is_dir(),
    reason="REGARD_DATA is unset: it names the folder of the published data sets",
)


def multi30k(part: str) -> Texts:
    return read_parallel(*(FOLDER / "multi30k" / f"{part}.{side}.gz" for side in ("en", "de")))


@pytest.mark.parametrize(("tokens", "joint"), [("bpe", True), ("word", False), ("character", True)])
def test_swapped_sentences_are_found(tokens: str, joint: bool) -> None:
    model = SimpleNamespace(tokens=tokens, joint=joint, vocabulary=4000, min_count=1, copying=False)
    data: Any = sections("tokens").data[-1].model_validate({"kind": "arrays"})
    made = PairedInput(SimpleNamespace(data=data, model=model, seed=0), target="tokens")  # type: ignore[arg-type]
    made.fit(multi30k("train").take(np.arange(2500)))
    test = multi30k("test_2016_flickr")
    assert test.labels is not None
    assert made.leaning_ is not None
    said = [
        made.leaning_.like_targets(made.encode(texts).without_end()).mean()
        for texts in (test, Texts(tuple(test.labels)))
    ]
    assert said[0] < 0.005
    assert said[1] > 0.95


def test_tatoeba_has_no_header() -> None:
    pairs = read_pairs(FOLDER / "tatoeba" / "fra.txt.gz", header=False)
    assert len(pairs) == 142_787  # zcat fra.txt.gz | wc -l
    assert pairs.labels is not None
    assert (pairs.texts[0], pairs.labels[0]) == ("Go.", "Va !")
    assert all(pairs.texts)
    assert all(pairs.labels)
