"""Run the benchmarks named, or all, print their table and keep it in benchmarks/RESULTS.md."""

import argparse
import os
from collections.abc import Callable
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from benchmarks.table import Row, machine, markdown


class _Needs(NamedTuple):
    """What a benchmark takes."""

    data: bool = False  # REGARD_DATA
    quick: bool = False  # can be cut down


_ALL = {
    "startup": _Needs(),
    "busy": _Needs(),
    "latency": _Needs(),
    "sine": _Needs(),
    "ucr": _Needs(data=True),
    "unequal": _Needs(data=True),
    "text": _Needs(data=True, quick=True),
    "text_speed": _Needs(data=True, quick=True),
    "regression": _Needs(data=True, quick=True),
    "forecasting": _Needs(data=True, quick=True),
    "pictures": _Needs(data=True, quick=True),
    "speech": _Needs(data=True, quick=True),
    "summaries": _Needs(data=True, quick=True),
    "reading": _Needs(data=True, quick=True),
    "questions": _Needs(data=True, quick=True),
    "music": _Needs(data=True, quick=True),
    "kernels": _Needs(quick=True),
    "examples": _Needs(quick=True),
}
_CAN_BE_QUICK = [name for name, needs in _ALL.items() if needs.quick]


def main() -> None:
    """Parse, run, print, write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(_ALL)}")
    parser.add_argument(
        "--quick", action="store_true", help="cut down, to see that they run; no figure counts"
    )
    given = parser.parse_args()
    names = given.names or (_CAN_BE_QUICK if given.quick else list(_ALL))
    for name in names:
        if name not in _ALL:
            parser.error(f"no benchmark {name}; there are {', '.join(_ALL)}")
        if given.quick and name not in _CAN_BE_QUICK:
            parser.error(f"{name} cannot be quick; {', '.join(_CAN_BE_QUICK)} can")
    rows: list[Row] = []
    for name in names:
        if _ALL[name].data and "REGARD_DATA" not in os.environ:
            print(f"{name}: skipped, REGARD_DATA is not set")
            continue
        run: Callable[..., list[Row]] = import_module(f"benchmarks.{name}").run
        rows += run(quick=True) if given.quick else run()
    table = f"{date.today()}, {machine()}\n\n{markdown(rows)}\n"
    print(table)
    if set(names) == set(_ALL) and not given.quick:
        results = Path(__file__).with_name("RESULTS.md")
        results.write_text(f"# Results of `make bench`\n\n{table}", encoding="utf-8")


if __name__ == "__main__":
    main()
