"""Weights of torch's and Keras's attention for `MultiHead`, and back to torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import torch
from torch import nn

from regard.attention.attention import Attention
from regard.attention.dot import ScaledDot
from regard.attention.layers import check_keras, check_torch, weights_of
from regard.attention.softmax import masked_softmax
from regard.attention.window import Global
from regard.errors import ConfigError

if TYPE_CHECKING:
    from regard.attention.multi_head import MultiHead

__all__ = ["from_keras", "from_torch", "to_torch"]

_Heads = TypeVar("_Heads", bound="MultiHead")


def from_torch(make: type[_Heads], module: nn.MultiheadAttention) -> _Heads:
    """See `MultiHead.from_torch`."""
    check_torch("module", module, nn.MultiheadAttention)
    if module.bias_k is not None or module.add_zero_attn:
        raise ConfigError("add_bias_kv and add_zero_attn have no counterpart in MultiHead")
    head = Attention(ScaledDot(), dropout=module.dropout)
    widths: Any = {"key_dim": module.kdim, "value_dim": module.vdim}
    bias = module.in_proj_bias is not None
    result = make([head] * module.num_heads, module.embed_dim, **widths, bias=bias)
    joint = module.in_proj_weight
    if joint is None:
        parts = [module.q_proj_weight, module.k_proj_weight, module.v_proj_weight]
    else:
        parts = list(joint.chunk(3))
    biases = [None] * 3 if module.in_proj_bias is None else module.in_proj_bias.chunk(3)
    result = result.to(parts[0])
    with torch.no_grad():
        for projection, weight, offset in zip(_inputs(result), parts, biases, strict=True):
            projection.weight.copy_(weight)
            if offset is not None:
                projection.bias.copy_(offset)
        result.output_projection.load_state_dict(module.out_proj.state_dict())
    return result.train(module.training)


def to_torch(heads: MultiHead) -> nn.MultiheadAttention:
    """See `MultiHead.to_torch`."""
    head, width = heads.heads[0], heads.query_projection.in_features
    output = heads.output_projection.out_features
    obstacles = {
        "heads that differ": not heads.shared,
        f"the score {type(head.score).__name__}": not isinstance(head.score, ScaledDot),
        "a scale other than 1 / sqrt(D)": getattr(head.score, "scale", None) is not None,
        "a learned temperature": getattr(head.score, "log_temperature", None) is not None,
        f"the window {type(head.window).__name__}": not isinstance(head.window, Global),
        "an align other than softmax": head.align is not masked_softmax,
        "shared keys and values": heads.kv_heads != heads.count,
        "rotary positions": heads.rotary is not None,
        "a context or heads of another width": {heads.count * heads.head_dim, output} != {width},
    }
    for obstacle, stands in obstacles.items():
        if stands:
            raise ConfigError(f"nn.MultiheadAttention has no counterpart for {obstacle}")
    inputs = _inputs(heads)
    weight = inputs[0].weight
    module = nn.MultiheadAttention(
        width,
        heads.count,
        dropout=head.dropout,
        bias=inputs[0].bias is not None,
        kdim=heads.key_projection.in_features,
        vdim=heads.value_projection.in_features,
        batch_first=True,
        device=weight.device,
        dtype=weight.dtype,
    )
    with torch.no_grad():
        if module.in_proj_weight is None:
            for name, projection in zip("qkv", inputs, strict=True):
                getattr(module, f"{name}_proj_weight").copy_(projection.weight)
        else:
            module.in_proj_weight.copy_(torch.cat([each.weight for each in inputs]))
        if module.in_proj_bias is not None:
            module.in_proj_bias.copy_(torch.cat([each.bias for each in inputs]))
        module.out_proj.load_state_dict(heads.output_projection.state_dict())
    return module.train(heads.training)


def from_keras(make: type[_Heads], layer: Any) -> _Heads:
    """See `MultiHead.from_keras`."""
    check_keras("layer", layer, "MultiHeadAttention", "GroupQueryAttention")
    names = [tuple(each.path.split("/")[-2:]) for each in layer.weights]
    numbers = dict(zip(names, weights_of("layer", layer), strict=True))
    parts = ("query", "key", "value", "attention_output")
    queries, keys, values, output = (numbers[part, "kernel"] for part in parts)
    if keys.shape[2] != values.shape[2]:
        raise ConfigError(
            f"value_dim {values.shape[2]} of a head must be its key_dim {keys.shape[2]}: MultiHead "
            "has one head_dim"
        )
    result = make(
        [Attention(ScaledDot(), dropout=layer.get_config()["dropout"])] * queries.shape[1],
        queries.shape[0],
        key_dim=keys.shape[0],
        value_dim=values.shape[0],
        output_dim=output.shape[2],
        head_dim=queries.shape[2],
        kv_heads=keys.shape[1],
        bias=("query", "bias") in numbers,
    ).to(queries)
    with torch.no_grad():
        for part, projection in zip(
            parts, [*_inputs(result), result.output_projection], strict=True
        ):
            kernel = numbers[part, "kernel"]  # [width, H, d]; of the output [H, d, width]
            kernel = kernel.flatten(0, 1) if part == "attention_output" else kernel.flatten(1)
            projection.weight.copy_(kernel.T)
            if (part, "bias") in numbers:
                projection.bias.copy_(numbers[part, "bias"].flatten())
    return result.eval()


def _inputs(heads: MultiHead) -> list[nn.Linear]:
    return [heads.query_projection, heads.key_projection, heads.value_projection]
