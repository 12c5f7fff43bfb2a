"""The choice of the kernel for additive scores."""

import sys
from importlib.util import find_spec
from math import prod
from typing import cast

import torch
from torch import Tensor
from torch.autograd import forward_ad

from regard.errors import ConfigError

__all__ = ["KERNELS", "check_kernel", "choose", "is_exported", "is_transformed"]

KERNELS = ("plain", "blocked", "numba", "triton")

# Elements of Q K A below which the plain formula is used. Compiled kernels are faster from a third
# of that on, but take time to compile.
_SMALL = 1 << 21


def choose(query: Tensor, keys: Tensor, kernel: str | None = None) -> str:
    """Select the kernel that computes the additive scores of these queries and keys.

    The choice depends on device, dtype and size alone: `plain`, the formula, for small inputs;
    `blocked`, PyTorch in blocks that fit in a cache; `numba`, compiled for the CPU, for float32 and
    narrower. `triton`, for NVIDIA GPUs, is taken by its name alone, since it has not been run on
    one.

    Parameters:
        query: [..., Q, A].
        keys: [..., K, A].
        kernel: the name of a kernel to check and return; None selects one.

    Raises:
        ConfigError: the kernel is unknown, or cannot take these inputs.

    >>> choose(torch.zeros(1, 8, 16), torch.zeros(1, 8, 16))
    'plain'
    >>> choose(torch.zeros(4, 512, 64), torch.zeros(4, 512, 64))
    'numba'
    """
    wide = query.dtype == torch.float64 or keys.dtype == torch.float64
    if check_kernel(kernel) is not None:
        if kernel in ("numba", "triton") and wide:
            raise ConfigError(
                f"the kernel {kernel} has no float64; use blocked or plain, or float32"
            )
        if kernel == "numba" and query.device.type != "cpu":
            raise ConfigError(f"the kernel numba is for the CPU, not for {query.device.type}")
        if kernel == "triton" and query.device.type != "cuda":
            raise ConfigError(f"the kernel triton is for NVIDIA GPUs, not for {query.device.type}")
        if kernel == "triton" and find_spec("triton") is None:
            raise ConfigError("the kernel triton needs the package triton: pip install triton")
        if query.shape[-1] == 0:  # nothing to compare: every score is zero
            return "plain"
        return cast(str, kernel)
    if prod(query.shape) * keys.shape[-2] < _SMALL:
        return "plain"
    if query.device.type == "cpu" and not wide:
        return "numba"
    return "blocked"


def check_kernel(kernel: str | None) -> str | None:
    """Return the name of a kernel or None; raise a `ConfigError` if it is unknown."""
    if kernel is not None and kernel not in KERNELS:
        raise ConfigError(f"kernel must be one of {', '.join(KERNELS)}, not {kernel!r}")
    return kernel


def is_exported() -> bool:
    """Whether the model is being exported: what loads it need not know regard's operators.

    Whoever exports has imported `torch.onnx`, which takes half a second that others need not wait.
    """
    if torch.compiler.is_exporting():
        return True
    return "torch.onnx" in sys.modules and bool(torch.onnx.is_in_onnx_export())


def is_transformed() -> bool:
    """Whether torch.func or forward-mode derivatives are active; they need the plain formula."""
    active: bool = torch._C._are_functorch_transforms_active()
    return active or forward_ad._current_level >= 0
