"""What a model would weigh, before memory is taken for it."""

import threading
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.nn.modules import module as registration
from torch.overrides import TorchFunctionMode

from regard.errors import ConfigError

__all__ = ["MOST_WEIGHTS", "Layout", "ModelSizeError", "layout_of", "plan"]

MOST_WEIGHTS = 2**29
"""Numbers in the weights and tables of a model: 2 GiB in single precision."""

_MOST_TENSORS = 50_000

Layout = Mapping[str, tuple[str, tuple[int, ...]]]
"""The type, such as "float32", and the shape of each weight by its name."""


def plan(build: Callable[[], nn.Module], *, most: int = MOST_WEIGHTS) -> Layout:
    """The layout of the model that a function builds, without its memory.

    It is built on torch's device "meta", whose tensors hold nothing, and no further than the limit.

    Raises:
        ModelSizeError: it has more.

    >>> plan(lambda: nn.Linear(3, 2))
    {'weight': ('float32', (2, 3)), 'bias': ('float32', (2,))}
    """
    with _Budget(most), torch.device("meta"), _Empty():
        model = build()
    return layout_of(model.state_dict())


def layout_of(weights: Mapping[str, Tensor]) -> Layout:
    """The layout of tensors."""
    return {
        name: (str(each.dtype).removeprefix("torch."), tuple(each.shape))
        for name, each in weights.items()
    }


class _Empty(TorchFunctionMode):
    """Nothing is drawn: on "meta" that would import a second's worth of modules, in vain."""

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        given = dict(kwargs or {})
        if func in (torch.randn, torch.rand):
            given.pop("generator", None)
            return torch.empty(*args, **given)
        drawn = func in (Tensor.normal_, Tensor.uniform_)
        if drawn or getattr(func, "__module__", "") == "torch.nn.init":
            return args[0] if args else given["tensor"]
        return func(*args, **given)


class ModelSizeError(ConfigError):
    """A model has more weights than it may."""


class _Budget:
    """While it is open, modules of this thread may register no more than so many numbers."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._left, self._tensors = most, _MOST_TENSORS
        self._thread = threading.get_ident()
        self._seen: dict[int, Tensor] = {}  # held, so that no other gets the same number

    def __enter__(self) -> Self:
        self._handles: list[Any] = [
            registration.register_module_parameter_registration_hook(self._count),
            registration.register_module_buffer_registration_hook(self._count),
        ]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for each in self._handles:
            each.remove()

    def _count(self, module: nn.Module, name: str, tensor: Tensor | None) -> None:
        if tensor is None or threading.get_ident() != self._thread or id(tensor) in self._seen:
            return
        self._seen[id(tensor)] = tensor
        self._left -= tensor.numel()
        self._tensors -= 1
        if self._left < 0 or self._tensors < 0:
            raise ModelSizeError(
                f"the model has more than {self.most:,} weights, or {_MOST_TENSORS:,} tables of "
                "weights; choose a smaller hidden, layers, vocabulary or window"
            )
