"""Kills trainings and writings at any moment, and looks at what is left.

    python tests/killing.py --count 50 --seed 0

kills and resumes so many small trainings, and prints how many were resumed.

A process is killed after some seconds, or kills itself before its n-th look at a folder: every
opening, renaming, making and removing of a file counts, so that all states that a kill can leave
are tried one by one.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from regard.runs import interrupted

__all__ = ["Ended", "Trainings", "kill_and_resume", "killed", "serve", "trainings"]

_HANGS = 30.0  # seconds; a small training takes one
_FILES = {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.listdir", "os.scandir"}
_RANDOM = "history.csv", "model.safetensors", "scores.csv"  # what chance would change


class Ended(NamedTuple):
    """How a process ended.

    Attributes:
        code: exit status, or minus the signal.
        looks: how often it looked at the folder; 0 if it was killed.
        seconds: it took.
    """

    code: int
    looks: int
    seconds: float


def killed(
    function: Callable[[], object],
    folder: Path,
    *,
    look: int | None = None,
    seconds: float | None = None,
) -> Ended:
    """Call a function in a process of its own, which is killed.

    Parameters:
        function: uses no threads of torch, unless those of this process have not begun.
        folder: where it writes.
        look: before which look at the folder it is killed; None for never.
        seconds: after which it is killed; None for never.
    """
    begun = time.perf_counter()
    ours, theirs = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of a process that has threads
        child = os.fork()
    if not child:
        code = 1
        try:
            os.write(theirs, str(_count_looks(function, str(folder), look)).encode())
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        except BaseException as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
        finally:
            os._exit(code)
    os.close(theirs)
    timer = threading.Timer(seconds or 0, os.kill, (child, signal.SIGKILL))
    if seconds is not None:
        timer.start()
    _, status = os.waitpid(child, 0)
    timer.cancel()
    with os.fdopen(ours) as file:
        looks = int(file.read() or 0)
    return Ended(os.waitstatus_to_exitcode(status), looks, time.perf_counter() - begun)


def _count_looks(function: Callable[[], object], folder: str, last: int | None) -> int:
    looks = 0

    def watch(event: str, given: tuple[Any, ...]) -> None:
        nonlocal looks
        if event not in _FILES:
            return
        # Trees are removed by names that are relative to an open folder.
        name = os.fsdecode(given[0]) if isinstance(given[0], str | bytes | Path) else ""
        relative = event in ("os.remove", "os.rmdir", "os.mkdir") and given[-1] != -1
        if name.startswith(folder) or relative:
            looks += 1
            if looks == last:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)
    function()
    return looks


class Trainings:
    """A process with everything imported, from which trainings branch off in no time."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def __call__(
        self,
        config: Mapping[str, Any],
        out: Path,
        *,
        look: int | None = None,
        seconds: float | None = None,
        **options: Any,
    ) -> Ended:
        """Train, as `jobs.train` does with these options, and be killed, as in `killed`.

        The system's temporary folder is `tmp` beside the folder of the output.
        """
        wanted = {"config": dict(config), "out": str(out), "options": options}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({**wanted, "look": look, "seconds": seconds}) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, "the process of the trainings has ended"
        return Ended(*json.loads(answer))


@contextmanager
def trainings() -> Iterator[Trainings]:
    """Start the process, and end it."""
    path = os.pathsep.join([str(Path(__file__).parent), *filter(None, sys.path)])
    process = subprocess.Popen(
        [sys.executable, "-c", "import killing; killing.serve()"],
        env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Trainings(process)
    finally:
        process.communicate()


def serve() -> None:
    """Train what the lines of the standard input say, each in a process of its own.

    The first is trained here before, so that all is imported and has run once. torch has one
    thread: a process that branches off could wait for others, which it lacks, for ever.
    """
    from regard import jobs
    from reports import short_reports, without_pictures

    warm = False
    with short_reports(), without_pictures():
        for line in sys.stdin:
            wanted = json.loads(line)
            out = Path(wanted["out"])
            system = out.parent.parent / "tmp"
            system.mkdir(exist_ok=True)

            def train(
                config: Any = wanted["config"],
                out: Path = out,
                system: Path = system,
                options: Any = wanted["options"],
            ) -> None:
                tempfile.tempdir = str(system)
                jobs.train(config, out, **options)

            if not warm:
                with tempfile.TemporaryDirectory() as folder:
                    jobs.train(wanted["config"], Path(folder) / "run")
                warm = True
            how = {name: wanted[name] for name in ("look", "seconds")}
            print(json.dumps(killed(train, out.parent, **how)), flush=True)


def kill_and_resume(
    config: Mapping[str, Any],
    folder: Path,
    train: Trainings,
    *,
    kills: int,
    seed: int = 0,
) -> Counter[str]:
    """Kill a training again and again, and resume it.

    Half of the kills come at a random time, half before a random look at the folder. In every
    third training another run is to be overwritten.

    Parameters:
        config: of a training that is short.
        folder: to write to.
        train: see `trainings`.
        kills: how many.
        seed: of the moments.

    Returns:
        How many were killed, resumed, begun again and finished before.

    Raises:
        AssertionError: something was lost: a run that is neither the old nor the new one, other
            weights, or files that nobody needs; or a training took longer than 30 seconds.
    """
    chance = random.Random(seed)
    old, new = folder / "old" / "run", folder / "new" / "run"
    changed = {**config, "training": {**config["training"], "epochs": 1}}
    assert train(changed, old).code == 0
    normal = train(config, new)
    assert normal.code == 0
    counts = Counter[str]()
    for number in range(kills):
        out = folder / str(number) / "run"
        overwrite = number % 3 == 2
        if overwrite:
            assert train(changed, out).code == 0
        moment: dict[str, Any] = {"look": chance.randint(1, normal.looks), "seconds": _HANGS}
        if number % 2:
            moment = {"seconds": chance.uniform(0, normal.seconds)}
        ended = train(config, out, overwrite=overwrite, **moment)
        assert ended.code in (0, -signal.SIGKILL), ended
        assert ended.seconds < _HANGS, moment
        counts["killed"] += ended.code != 0
        if overwrite or out.exists():
            assert _content(out) in ([_content(old)] if overwrite else []) + [_content(new)]
        begun = interrupted(out)
        counts["resumed" if begun else "finished" if ended.code == 0 else "begun again"] += 1
        how = {"overwrite": True} if overwrite and not begun else {"resume": True}
        assert train(config, out, seconds=_HANGS, **how).code == 0, (moment, how)
        assert _content(out) == _content(new), moment
        assert [each.name for each in out.parent.iterdir()] == ["run"], moment
        assert not list((folder / "tmp").iterdir()), moment
    return counts


def _content(run: Path) -> dict[str, bytes]:
    """The files of a run folder that the training determines."""
    return {name: (run / name).read_bytes() for name in _RANDOM}


def main() -> None:
    from commands import TINY

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=50, help="kills")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    config = {**TINY, "training": {**TINY["training"], "epochs": 4}}
    with tempfile.TemporaryDirectory() as folder, trainings() as train:
        counts = kill_and_resume(config, Path(folder), train, kills=asked.count, seed=asked.seed)
    found = ", ".join(f"{count} {what}" for what, count in sorted(counts.items()))
    print(f"{asked.count} trainings: {found}, none lost")


if __name__ == "__main__":
    main()
