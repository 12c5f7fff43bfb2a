"""Run the benchmarks named and print their table, or all and keep it in benchmarks/RESULTS.md.

Those that take half an hour or more by themselves, or of which nothing is asked, are run by name
alone; their figures are in HISTORY.md.
"""

import argparse
import os
from collections.abc import Callable
from datetime import date
from importlib import import_module
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

from benchmarks.table import Row, machine, markdown


class _Needs(NamedTuple):
    """What a benchmark takes."""

    data: bool = False  # REGARD_DATA
    quick: bool = False  # can be cut down
    seeds: bool = False  # can be repeated
    by_name: bool = False  # takes long or asks nothing, and so is not of the run of all


_ALL = {
    "startup": _Needs(),
    "busy": _Needs(),
    "latency": _Needs(),
    "sine": _Needs(),
    "ucr": _Needs(data=True, seeds=True),
    "unequal": _Needs(data=True),
    "text": _Needs(data=True, quick=True, seeds=True),
    "text_speed": _Needs(data=True, quick=True),
    "regression": _Needs(data=True, quick=True, seeds=True),
    "forecasting": _Needs(data=True, quick=True, seeds=True),
    "pictures": _Needs(data=True, quick=True, by_name=True),
    "speech": _Needs(data=True, quick=True, by_name=True),
    "summaries": _Needs(data=True, quick=True, by_name=True),
    "reading": _Needs(data=True, quick=True),
    "questions": _Needs(data=True, quick=True, by_name=True),
    "music": _Needs(data=True, quick=True, by_name=True),
    "kernels": _Needs(quick=True),
    "examples": _Needs(quick=True, by_name=True),
    "harden": _Needs(quick=True, by_name=True),
    "trust": _Needs(by_name=True),
    "webtraffic": _Needs(by_name=True),
    "sst_words": _Needs(data=True, quick=True, by_name=True),
    "serving": _Needs(by_name=True),
    "hostile": _Needs(quick=True, by_name=True),
}
_CAN_BE_QUICK = [name for name, needs in _ALL.items() if needs.quick]
_WITH_SEEDS = [name for name, needs in _ALL.items() if needs.seeds]
_TOGETHER = [name for name, needs in _ALL.items() if not needs.by_name]


def main() -> None:
    """Parse, run, print, write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(_ALL)}")
    parser.add_argument(
        "--quick", action="store_true", help="cut down, to see that they run; no figure counts"
    )
    parser.add_argument(
        "--seeds", type=int, metavar="N", help=f"of {', '.join(_WITH_SEEDS)}; by default 1"
    )
    given = parser.parse_args()
    names = given.names or (_CAN_BE_QUICK if given.quick else _TOGETHER)
    for name in names:
        if name not in _ALL:
            parser.error(f"no benchmark {name}; there are {', '.join(_ALL)}")
        if given.quick and name not in _CAN_BE_QUICK:
            parser.error(f"{name} cannot be quick; {', '.join(_CAN_BE_QUICK)} can")
        if given.seeds is not None and name not in _WITH_SEEDS:
            parser.error(f"{name} has its own seeds; --seeds is of {', '.join(_WITH_SEEDS)}")
    if given.seeds is not None and given.seeds < 1:
        parser.error("--seeds: wanted 1 or more")
    rows: list[Row] = []
    begin = perf_counter()
    for name in names:
        needs, start = _ALL[name], perf_counter()
        if needs.data and "REGARD_DATA" not in os.environ:
            print(f"{name}: skipped, REGARD_DATA is not set")
            continue
        run: Callable[..., list[Row]] = import_module(f"benchmarks.{name}").run
        found = run(
            **({"quick": True} if given.quick else {}),
            **({"seeds": given.seeds or 1} if needs.seeds else {}),
        )
        print(f"{markdown(found)}\n{name}: {(perf_counter() - start) / 60:.1f} minutes", flush=True)
        rows += found
    minutes = (perf_counter() - begin) / 60
    table = f"{date.today()}, {machine()}, {minutes:.0f} minutes\n\n{markdown(rows)}\n"
    print(table)
    if set(names) == set(_TOGETHER) and not given.quick and "REGARD_DATA" in os.environ:
        results = Path(__file__).with_name("RESULTS.md")
        results.write_text(f"# Results of `make bench`\n\n{table}", encoding="utf-8")


if __name__ == "__main__":
    main()
