"""Layers of torch and Keras whose weights are loaded."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from regard.errors import ConfigError

__all__ = ["check_keras", "check_torch", "dense_of", "vector_of", "weights_of"]


def check_torch(name: str, given: Any, kind: type[nn.Module]) -> None:
    """Raise a `ConfigError` unless this is a module of torch of this class."""
    if isinstance(given, kind):
        return
    hint = ""
    if isinstance(given, Mapping):
        hint = "; load it into the module it is of: load_state_dict"
    elif isinstance(given, nn.Module) and not isinstance(given, nn.Sequential):
        parts = [part for part, module in given.named_modules() if isinstance(module, kind)]
        hint = f"; it has one at {', '.join(parts[:3])}" if parts else ""
    raise ConfigError(f"{name} must be an nn.{kind.__name__}, not {_described(given)}{hint}")


def check_keras(name: str, given: Any, *kinds: str) -> None:
    """Raise a `ConfigError` unless this is a layer of Keras of one of these classes."""
    # the class of keras.layers.GroupQueryAttention is called GroupedQueryAttention
    classes = {base.__name__.replace("Grouped", "Group") for base in type(given).__mro__}
    if not classes & set(kinds):
        wanted = " or ".join(f"keras.layers.{kind}" for kind in kinds)
        raise ConfigError(f"{name} must be a {wanted}, not {_described(given)}")


def weights_of(name: str, layer: Any) -> list[Tensor]:
    """The weights of a layer of Keras in its order, whichever backend it is on.

    Raises:
        ConfigError: the layer is not built, and has none yet.
    """
    if not layer.built:
        raise ConfigError(f"{name}: {type(layer).__name__} has no weights yet: call it once")
    values = [weight.value for weight in layer.weights]
    return [
        each.detach().cpu() if isinstance(each, Tensor) else torch.as_tensor(np.array(each))
        for each in values
    ]


def vector_of(vector: nn.Linear | Tensor, width: int) -> Tensor:
    """v, [A], of a layer with one output, or of its numbers."""
    if not isinstance(vector, Tensor):
        check_torch("vector", vector, nn.Linear)
    weight = vector if isinstance(vector, Tensor) else vector.weight
    if weight.dim() > 1 and weight.shape[0] != 1:
        raise ConfigError(f"vector must have 1 output, not {weight.shape[0]}")
    if weight.numel() != width:
        raise ConfigError(
            f"vector must be {width} wide, as what it is multiplied with, not {weight.numel()}"
        )
    return weight.detach().flatten()


def dense_of(name: str, layer: Any) -> nn.Linear:
    """A Linear with the weights of a Dense layer of Keras."""
    check_keras(name, layer, "Dense")
    activation = layer.get_config()["activation"]
    if activation not in (None, "linear"):
        raise ConfigError(
            f"{name} must be a Dense layer without activation, not with {activation}: apply it to "
            f"the {name} yourself, and pass {name}=None"
        )
    kernel, *bias = weights_of(name, layer)  # [in, out], and [out] if there is one
    linear = nn.Linear(kernel.shape[0], kernel.shape[1], bias=bool(bias), dtype=kernel.dtype)
    with torch.no_grad():
        linear.weight.copy_(kernel.T)
        if bias:
            linear.bias.copy_(bias[0])
    return linear


def _described(given: Any) -> str:
    if isinstance(given, type):
        return f"the class {given.__name__}"
    if isinstance(given, Tensor):
        return f"a tensor {list(given.shape)}"
    return repr(given) if given is None or isinstance(given, str | int) else type(given).__name__
