"""What regard runs on here: versions, device, threads, kernels, and what is slow about them."""

from __future__ import annotations

import os
import platform
from importlib.util import find_spec
from typing import Any

from regard.runs import versions

__all__ = ["doctor"]

_LARGE = (4, 512, 64)  # queries and keys whose kernel is compiled where one can be


def doctor() -> dict[str, Any]:
    """What regard runs on, by name, and `slow`: what is slower than it could be, and the remedy."""
    import torch

    from regard.attention.kernels import choose

    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else None
    large = torch.zeros(_LARGE, device="cpu" if gpu is None else "cuda")
    cores, threads = _cores(), torch.get_num_threads()
    bf16 = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    slow = []
    if gpu is None and torch.version.cuda:
        slow.append("PyTorch is built for CUDA and finds no GPU: see the driver, by nvidia-smi")
    elif gpu is None and find_spec("triton") is None:
        slow.append("trains on the processor: PyTorch is built without CUDA")
    if gpu is None and not bf16:
        slow.append("the processor does not multiply bfloat16: precision bf16 would not help")
    if threads < cores:
        slow.append(f"{threads} of {cores} cores: OMP_NUM_THREADS or torch limits the threads")
    return {
        "versions": versions(),
        "system": platform.platform(),
        "device": gpu or "cpu",
        "cores": cores,
        "threads": threads,
        "bfloat16": bool(bf16) if gpu is None else bool(torch.cuda.is_bf16_supported()),
        "kernel of small inputs": choose(large[:, :2], large[:, :2]),
        "kernel of large inputs": choose(large, large),
        "music21 (scores)": find_spec("music21") is not None,
        "slow": slow,
    }


def _cores() -> int:
    """Those that this process may use."""
    known = getattr(os, "sched_getaffinity", None)
    return len(known(0)) if known else os.cpu_count() or 1
