"""Memory of forward and backward, beyond what goes in and comes out: one case, one process.

`python -m benchmarks.peak_memory FORM B Q K A` prints them as JSON.
"""

import json
import statistics
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

import torch
from torch import Tensor

from benchmarks.additive_forms import FORMS, Form, make_sides

__all__ = ["Used", "is_measurable", "measure"]

_STATUS = Path("/proc/self/status")
_REPEATS, _PATIENCE = 5, 2.0  # times that are taken, unless they take so many seconds


class Used(NamedTuple):
    """What one forward and backward takes.

    Attributes:
        megabytes: at the peak, beyond inputs, context, weights where there are any, and gradients.
        seconds: median.
    """

    megabytes: float
    seconds: float


def is_measurable() -> bool:
    """Whether this system says how much memory a process has held."""
    return _STATUS.exists()


def measure(form: str, shape: tuple[int, int, int, int]) -> Used:
    """Run a form of `FORMS` for B, Q, K, A in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.peak_memory", form, *map(str, shape)]
    root = Path(__file__).parents[1]
    done = subprocess.run(command, cwd=root, stdout=subprocess.PIPE, text=True, check=True)
    return Used(**json.loads(done.stdout.splitlines()[-1]))


def _measure_here(name: str, shape: tuple[int, int, int, int]) -> Used:
    width = shape[-1]
    warming = FORMS[name](make_sides((1, 256, 256, width)))
    context, *_ = warming.forward(*warming.sides)
    torch.autograd.grad(context, warming.sides, torch.ones_like(context))

    form = FORMS[name](make_sides(shape))
    grad = torch.randn(*shape[:2], width)
    # Not getrusage: its ru_maxrss begins at what the process held that started this one.
    with suppress(OSError):  # where it may not be set back, the peak can only come out too high
        Path("/proc/self/clear_refs").write_text("5")
    before = _held("VmRSS")
    start = perf_counter()
    outputs = _forward_backward(form, grad)
    seconds = [perf_counter() - start]
    peak = _held("VmHWM")
    returned = sum(output.numel() * output.element_size() for output in outputs)
    del outputs
    if seconds[0] < _PATIENCE:
        seconds = []
        while len(seconds) < _REPEATS and sum(seconds) < _PATIENCE:
            start = perf_counter()
            _forward_backward(form, grad)
            seconds.append(perf_counter() - start)
    return Used((peak - before - returned) / 1e6, statistics.median(seconds))


def _forward_backward(form: Form, grad: Tensor) -> tuple[Tensor, ...]:
    """All that comes out; the weights are held on to, as by one who asked for them."""
    context, *weights = form.forward(*form.sides)
    return (context, *weights, *torch.autograd.grad(context, form.sides, grad))


def _held(name: str) -> int:
    """Bytes that the system counts under this name."""
    lines = _STATUS.read_text(encoding="utf-8").splitlines()
    kilobytes = next(line.split()[1] for line in lines if line.startswith(f"{name}:"))
    return 1024 * int(kilobytes)


if __name__ == "__main__":
    form, B, Q, K, A = sys.argv[1:]
    print(json.dumps(_measure_here(form, (int(B), int(Q), int(K), int(A)))._asdict()))
