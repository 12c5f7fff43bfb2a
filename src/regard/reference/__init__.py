"""Every attention mechanism in plain NumPy, as the papers write it: the reference for tests.

Scalar loops over float64, one case at a time, without a batch dimension: slow, and easy to compare
with the paper. It imports nothing else of regard.

    weights = align(score(query, keys), where window and mask allow)      [Q, K]
    context = weights @ values                                            [Q, Dv]

`allowed` is boolean [Q, K] and True means *may be attended*. A query that may attend to nothing has
zero weights and a zero context. Matrices W have a row for each output, as in torch: W x + b.
"""

from regard.reference.alignments import (
    entmax15,
    hard_argmax,
    hard_entropy,
    hard_log_probabilities,
    hard_policy_gradient,
    softmax,
    sparsemax,
)
from regard.reference.attention import Align, attend, attend_step_by_step
from regard.reference.convolutions import (
    competition,
    dilated_convolution,
    shares_above,
    spread_evenly,
)
from regard.reference.copying import copied_shares, pointer_generator
from regard.reference.decoders import bahdanau_decoder, luong_decoder
from regard.reference.elements import Array, Mask, allowed_keys, dot, linear, sigmoid, through_tanh
from regard.reference.heads import Head, multi_head, rotary
from regard.reference.memory import memory_network, position_encoding
from regard.reference.monotonic import monotonic_expected, monotonic_hard
from regard.reference.pointer import answer_pointer, best_span
from regard.reference.pooling import (
    Pool,
    attention_pooling,
    conjunctive_pooling,
    hierarchical_pooling,
    last_state_pooling,
    self_attention_pooling,
    stacked_pooling,
)
from regard.reference.recurrent import bidirectional_lstm, gru_cell, lstm, lstm_cell
from regard.reference.recurrent_scores import (
    coverage_loss,
    coverage_score,
    location_sensitive_score,
)
from regard.reference.scores import (
    additive_score,
    concat_score,
    cosine_score,
    dot_score,
    general_score,
    location_score,
    scaled_dot_score,
    uniform_score,
)
from regard.reference.transformer import (
    Order,
    Sublayer,
    decoder_layer,
    encoder_layer,
    feed_forward,
    layer_norm,
)
from regard.reference.windows import (
    alibi,
    alibi_slopes,
    causal,
    local_monotonic,
    local_predictive,
    local_predictive_centres,
    relative_positions,
    sliding,
)

__all__ = [
    "Align",
    "Array",
    "Head",
    "Mask",
    "Order",
    "Pool",
    "Sublayer",
    "additive_score",
    "alibi",
    "alibi_slopes",
    "allowed_keys",
    "answer_pointer",
    "attend",
    "attend_step_by_step",
    "attention_pooling",
    "bahdanau_decoder",
    "best_span",
    "bidirectional_lstm",
    "causal",
    "competition",
    "concat_score",
    "conjunctive_pooling",
    "copied_shares",
    "cosine_score",
    "coverage_loss",
    "coverage_score",
    "decoder_layer",
    "dilated_convolution",
    "dot",
    "dot_score",
    "encoder_layer",
    "entmax15",
    "feed_forward",
    "general_score",
    "gru_cell",
    "hard_argmax",
    "hard_entropy",
    "hard_log_probabilities",
    "hard_policy_gradient",
    "hierarchical_pooling",
    "last_state_pooling",
    "layer_norm",
    "linear",
    "local_monotonic",
    "local_predictive",
    "local_predictive_centres",
    "location_score",
    "location_sensitive_score",
    "lstm",
    "lstm_cell",
    "luong_decoder",
    "memory_network",
    "monotonic_expected",
    "monotonic_hard",
    "multi_head",
    "pointer_generator",
    "position_encoding",
    "relative_positions",
    "rotary",
    "scaled_dot_score",
    "self_attention_pooling",
    "shares_above",
    "sigmoid",
    "sliding",
    "softmax",
    "sparsemax",
    "spread_evenly",
    "stacked_pooling",
    "through_tanh",
    "uniform_score",
]
