"""Translation on Multi30k: figures, speed, latency, remedies for exposure bias, alignments.

    python -m benchmarks.translation PART [RUN ...] [--quick]

| part | |
| --- | --- |
| `quality` | trains the four translators, or takes the figures of run folders that are there |
| `speed` | tokens a second in training and sentences a second in translating, beside the peers |
| `latency` | one sentence after the other, of a run folder |
| `remedies` | scheduled sampling and minimum risk against the same model without, three seeds |
| `alignments` | alignment error rate of a run folder from English to French |

`REGARD_DATA` names the folder of the data. With `JOEYNMT_PYTHON`, the Python of an environment with
Joey NMT, `speed` times that too. `--quick` takes a few hundred sentences, to see that all runs.
"""

import argparse
import statistics
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import torch

from benchmarks import translation_alignments, translation_quality, translation_speed
from benchmarks.table import Row, machine, markdown
from benchmarks.translation_data import languages_of, multi30k

__all__ = ["latency", "run"]

_SENTENCES = 200


def run(*, quick: bool = False) -> list[Row]:
    """All parts; those that take a run folder take the ones trained here."""
    runs = Path("runs") / "benchmarks"
    return [
        *translation_quality.quality(quick=quick, out=runs),
        *translation_speed.speed(quick=quick),
        *latency([runs / "transformer", runs / "recurrent"], quick=quick),
        *translation_quality.remedies(quick=quick),
        *translation_alignments.alignments([runs / "en-fr"], quick=quick),
    ]


def latency(runs: Sequence[Path], *, quick: bool = False) -> list[Row]:
    """Milliseconds of `Translator.predict` on one sentence of the test part, beam 5."""
    from regard import Translator

    rows = []
    for path in runs:
        model = Translator.load(path)
        sources = multi30k("test", *languages_of(path)).sources
        sources = sources[: 10 if quick else _SENTENCES]
        model.predict(sources[:5])
        seconds = []
        for source in sources:
            start = perf_counter()
            model.predict([source])
            seconds.append(perf_counter() - start)
        middle = 1000 * statistics.median(seconds)
        high = 1000 * statistics.quantiles(seconds, n=20)[-1]
        rows.append(
            Row(
                f"{path.name}: one sentence of a loaded run, beam 5, milliseconds, "
                f"{torch.get_num_threads()} threads",
                "",
                "≤ 60",
                f"{middle:.1f}, 95th percentile {high:.1f}",
                middle <= 60,
            )
        )
    return rows


def main() -> None:
    """Parse, run a part, print its table."""
    parts: dict[str, Callable[..., list[Row]]] = {
        "quality": translation_quality.quality,
        "speed": translation_speed.speed,
        "latency": latency,
        "remedies": translation_quality.remedies,
        "alignments": translation_alignments.alignments,
    }
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.translation",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("part", choices=parts)
    parser.add_argument("runs", nargs="*", type=Path, metavar="RUN")
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args()
    options: dict[str, Any] = {"quick": given.quick}
    if given.part in ("latency", "alignments") and not given.runs:
        parser.error(f"{given.part}: name a run folder")
    if given.part in ("latency", "alignments", "quality"):
        options["runs"] = given.runs
    elif given.runs:
        parser.error(f"{given.part}: takes no run folder")
    rows = parts[given.part](**options)
    print(f"{machine()}\n\n{markdown(rows)}")


if __name__ == "__main__":
    main()
