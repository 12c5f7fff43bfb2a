"""The weights of a run folder, held against its configuration before memory is taken for them."""

from collections.abc import Callable
from math import prod

import torch
from torch import nn

from regard.errors import PluginError, RunError
from regard.models import Layout, ModelSizeError, layout_of, plan
from regard.runs import Run, StoredWeights

__all__ = ["load_weights", "refuse_other_weights"]

_SLACK = 2**24  # numbers that a model has beside its weights, such as tables of positions


def refuse_other_weights(build: Callable[[], nn.Module], run: Run, *, source: str) -> None:
    """Refuse weights whose names, shapes or types are not those of the model that is built.

    Parameters:
        build: the model of the run, on whatever device is torch's default.
        run: with its weights, which are not read.
        source: what to call it in errors.

    Raises:
        RunError: names the first weight that differs.
    """
    weights = run.weights
    found: Layout = weights.layout if isinstance(weights, StoredWeights) else layout_of(weights)
    numbers = sum(prod(shape) for _, shape in found.values())
    try:
        wanted = plan(build, most=numbers + _SLACK)
    except PluginError:
        raise
    except ModelSizeError:
        raise _other(source, f"it has {numbers:,} numbers, the model has more") from None
    except Exception as error:
        if run.config.plugins and isinstance(error, RuntimeError):
            return  # a plug-in may need tensors with content; loading compares the rest
        raise RunError(
            f"{source}: config.json and preprocess.json make no model together: {error}"
        ) from None
    if different := _difference(found, wanted):
        raise _other(source, different)


def load_weights(model: nn.Module, run: Run, *, source: str) -> None:
    """Set the weights of a model to those of a run.

    Tables of whole numbers, such as the words of each answer, are not learned: they stay those
    that the model was built with, or the file is refused.

    Raises:
        RunError: they are not those of the model.
    """
    fixed = {
        name: each.clone()
        for name, each in model.named_buffers()
        if each.ndim and not each.is_floating_point() and each.dtype != torch.bool
    }
    try:
        model.load_state_dict(dict(run.weights))
    except RuntimeError:
        raise RunError(
            f"{source}/model.safetensors: the weights are not those of its config.json"
        ) from None
    for name, each in fixed.items():
        if not torch.equal(model.get_buffer(name), each):
            raise _other(source, f"{name} has other numbers")


def _difference(found: Layout, wanted: Layout) -> str:
    for name, own in wanted.items():
        if name not in found:
            return f"it has no {name}"
        if found[name] != own:
            return f"{name} is {_shown(found[name])}, wanted {_shown(own)}"
    return next((f"there is no {name}" for name in found if name not in wanted), "")


def _shown(layout: tuple[str, tuple[int, ...]]) -> str:
    kind, shape = layout
    return f"{kind} {list(shape)}"


def _other(source: str, why: str) -> RunError:
    return RunError(
        f"{source}/model.safetensors: the weights are not those of its config.json: {why}"
    )
