"""Sentence pairs of Multi30k, from `pairs/multi30k` in `REGARD_DATA`."""

import gzip
import json
import os
from pathlib import Path
from typing import NamedTuple

__all__ = ["Pairs", "languages_of", "multi30k"]

_PARTS = {"train": "train", "validation": "val", "test": "test_2016_flickr"}


class Pairs(NamedTuple):
    """Sentences and their translations, one for one."""

    sources: list[str]
    targets: list[str]

    def head(self, count: int) -> "Pairs":
        """The first ones."""
        return Pairs(self.sources[:count], self.targets[:count])


def multi30k(part: str, source: str = "en", target: str = "de") -> Pairs:
    """The raw sentences of a part: "train" (29,000), "validation" (1,014) or "test" (1,000, 2016).

    Parameters:
        part: which one.
        source, target: two of "en", "de" and "fr".

    Source: Elliott et al., 2016, "Multi30K: multilingual English-German image descriptions".
    """
    folder = Path(os.environ["REGARD_DATA"]) / "pairs" / "multi30k"
    sides = []
    for language in (source, target):
        with gzip.open(folder / f"{_PARTS[part]}.{language}.gz", "rt", encoding="utf-8") as file:
            sides.append([line.strip() for line in file])
    if len(sides[0]) != len(sides[1]):
        raise ValueError(f"{part}: {len(sides[0])} lines of {source}, {len(sides[1])} of {target}")
    return Pairs(*sides)


def languages_of(run: Path) -> tuple[str, str]:
    """From and to which language a run folder translates, by the names of its files."""
    data = json.loads((run / "config.json").read_text(encoding="utf-8"))["data"]
    source, target = (Path(data[f"{side}_path"]) for side in ("source", "target"))
    return source.name.split(".")[1], target.name.split(".")[1]
