"""The network of `TextClassifier` in plain Keras 3, on the same torch: the peer in speed.

Embedding, a bidirectional LSTM, additive attention by a learned query, a dense layer; dropout of
the embedding's and of the states' columns. Words are not dropped, and there are no n-grams. Texts
come as numbers of tokens and are padded a batch at a time.
"""

import os

os.environ["KERAS_BACKEND"] = "torch"  # read when keras is imported

from collections.abc import Sequence
from time import perf_counter
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

__all__ = ["KerasText"]

_PREDICT_BATCH = 256  # as ours


class _AdditivePooling(keras.layers.Layer):  # type: ignore[misc]
    """sum over s of softmax(v . tanh(q + W state_s)) state_s, with q and v learned."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.supports_masking = True
        self._compare = keras.layers.Dense(width, activation="tanh")  # its bias is the query
        self._score = keras.layers.Dense(1, use_bias=False)
        self._weigh = keras.layers.Softmax(axis=1)

    def call(self, states: Any, mask: Any = None) -> Any:
        """[B, T, D] -> [B, D]."""
        allowed = None if mask is None else ops.expand_dims(mask, -1)
        weights = self._weigh(self._score(self._compare(states)), mask=allowed)  # [B, T, 1]
        return ops.sum(weights * states, axis=1)

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> None:
        """The context has no steps."""


class _Batches(keras.utils.PyDataset):  # type: ignore[misc]
    """Texts padded to the longest of each batch; in another order every epoch, or as they are."""

    def __init__(
        self,
        texts: Sequence[NDArray[np.int32]],
        labels: NDArray[np.int64] | None,
        *,
        batch_size: int,
    ) -> None:
        super().__init__()
        self._texts, self._labels, self._batch_size = texts, labels, batch_size
        self._generator = np.random.default_rng(0)
        self._order = np.arange(len(texts))

    def __len__(self) -> int:
        return -(-len(self._texts) // self._batch_size)

    def __getitem__(self, batch: int) -> tuple[Any, ...]:
        index = self._order[batch * self._batch_size : (batch + 1) * self._batch_size]
        own = [self._texts[at] for at in index]
        tokens = np.zeros((len(own), max(map(len, own))), np.int32)
        for row, text in zip(tokens, own, strict=True):
            row[: len(text)] = text
        return (tokens,) if self._labels is None else (tokens, self._labels[index])

    def on_epoch_begin(self) -> None:
        """Shuffle, where it is to be learned from."""
        if self._labels is not None:
            self._generator.shuffle(self._order)


class KerasText:
    """The network, compiled with AdamW.

    Parameters:
        tokens: V.
        classes: N.
        options: the parameters of a `TextClassifier`, of which sizes, shares of dropout, batch size
            and the optimiser's numbers are taken; the learning rate stays constant.
        hidden: width of each direction.
        mask: whether the LSTM and the attention leave out what was padded.
    """

    def __init__(
        self, tokens: int, classes: int, options: dict[str, Any], *, hidden: int, mask: bool
    ) -> None:
        keras.utils.set_random_seed(0)
        self._batch_size = options["batch_size"]
        self._model = keras.Sequential(
            [
                keras.Input((None,), dtype="int32"),
                keras.layers.Embedding(tokens, options["embedding_dim"], mask_zero=mask),
                keras.layers.SpatialDropout1D(options["embedding_dropout"]),
                keras.layers.Bidirectional(keras.layers.LSTM(hidden, return_sequences=True)),
                keras.layers.SpatialDropout1D(options["dropout"]),
                _AdditivePooling(options["attention_dim"]),
                keras.layers.Dense(classes),
            ]
        )
        self._model.compile(
            keras.optimizers.AdamW(
                options["learning_rate"],
                weight_decay=options["weight_decay"],
                global_clipnorm=options["gradient_clip"],
            ),
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        )

    def fit(
        self, texts: Sequence[NDArray[np.int32]], labels: NDArray[np.int64], *, epochs: int
    ) -> float:
        """Train; returns seconds, without those that Keras takes to begin with."""
        batches = _Batches(texts, labels, batch_size=self._batch_size)
        self._model.train_on_batch(*batches[0])
        start = perf_counter()
        self._model.fit(batches, epochs=epochs, verbose=0)
        return perf_counter() - start

    def predict(self, texts: Sequence[NDArray[np.int32]]) -> tuple[NDArray[np.int64], float]:
        """Class numbers, and seconds."""
        batches = _Batches(texts, None, batch_size=_PREDICT_BATCH)
        start = perf_counter()
        logits = self._model.predict(batches, verbose=0)
        return logits.argmax(1), perf_counter() - start
