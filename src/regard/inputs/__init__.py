"""What comes in: a folder for each kind of input, and the contract of all of them.

read, take     files and Python objects as cases
fit, encode    what is fitted on the training part; cases as a model takes them
part, build    batches of tensors; the model
lay            maps of positions back over the input
view, columns  a case with its map as a picture; columns of a table of predictions
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from regard.inputs.input import Input, Parts

__all__ = ["Input", "Parts"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("regard.inputs.input"), name)
