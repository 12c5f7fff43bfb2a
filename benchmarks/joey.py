"""Joey NMT in an environment of its own: the same tokens, sizes and batches."""

import json
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from benchmarks.translation_data import Pairs
from regard.tokens import Vocabulary

__all__ = ["JoeyNMT"]

_DEV = 10  # sentences of its validation, which it insists on


class JoeyNMT:
    """A model of Joey NMT 2.3 that is trained for an epoch, and translates.

    Parameters:
        python: of the environment.
        name: "Transformer" or "recurrent".
        vocabulary: whose tokens Joey NMT takes for words.
        train, test: sentence pairs.
        batch_tokens: of the longer side, with padding.

    Source: Kreutzer et al., 2019, "Joey NMT: a minimalist NMT toolkit for novices".
    """

    def __init__(
        self,
        python: str,
        name: str,
        vocabulary: Vocabulary,
        train: Pairs,
        test: Pairs,
        batch_tokens: int,
    ) -> None:
        self._python, self._folder = python, Path(mkdtemp())
        self._sentences = len(test.sources)
        for part, pairs in (("train", train), ("dev", train.head(_DEV)), ("test", test)):
            for side, texts in zip(("en", "de"), pairs, strict=True):
                lines = _words(vocabulary, texts)
                (self._folder / f"{part}.{side}").write_text(lines, encoding="utf-8")
        config = _config(self._folder, name, vocabulary.size, batch_tokens)
        # JSON is YAML
        (self._folder / "config.yaml").write_text(json.dumps(config), encoding="utf-8")

    def tokens_a_second(self) -> float:
        """Target tokens of an epoch by the seconds that it logs."""
        said = self._run("train", "--skip-test")
        tokens, seconds = re.findall(r"num\. of tokens: (\d+), ([\d.]+)\[sec\]", said)[-1]
        return int(tokens) / float(seconds)

    def sentences_a_second(self) -> float:
        """Of the test part, by the seconds that it logs."""
        said = self._run("test")
        seconds = [float(each) for each in re.findall(r"Generation took ([\d.]+)", said)]
        return self._sentences / seconds[-1]

    def _run(self, *words: str) -> str:
        mode, *options = words
        config = str(self._folder / "config.yaml")
        command = [self._python, "-m", "joeynmt", mode, config, *options]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr[-500:]}")
        return done.stdout + done.stderr


def _words(vocabulary: Vocabulary, texts: Sequence[str]) -> str:
    """A line for each text, its tokens separated by blanks."""
    found = vocabulary.encode(texts)
    return "".join(" ".join(f"t{n}" for n in each.ids) + "\n" for each in found)


def _config(folder: Path, name: str, tokens: int, batch_tokens: int) -> dict[str, Any]:
    side = {
        "max_length": 200,
        "lowercase": False,
        "level": "word",
        "voc_limit": tokens,
        "voc_min_freq": 1,
        "tokenizer_type": "sacremoses",
    }
    return {
        "name": name,
        "joeynmt_version": "2.3.0",
        "model_dir": str(folder / "model"),
        "use_cuda": False,
        "fp16": False,
        "random_seed": 42,
        "data": {
            "train": str(folder / "train"),
            "dev": str(folder / "dev"),
            "test": str(folder / "test"),
            "dataset_type": "plain",
            "src": {"lang": "en", **side},
            "trg": {"lang": "de", **side},
        },
        "testing": {
            "beam_size": 5,
            "beam_alpha": 1.0,
            "batch_size": 64,
            "batch_type": "sentence",
            "max_output_length": 60,
            "eval_metrics": ["bleu"],
            "sacrebleu_cfg": {"tokenize": "none"},
        },
        "training": {
            "overwrite": True,
            "optimizer": "adamw",
            "normalization": "tokens",
            "adam_betas": [0.9, 0.98],
            "scheduling": "warmupinversesquareroot",
            "learning_rate": 0.001,
            "learning_rate_warmup": 1000,
            "label_smoothing": 0.1,
            "loss": "crossentropy",
            "batch_size": batch_tokens,
            "batch_type": "token",
            "early_stopping_metric": "loss",
            "epochs": 1,
            "validation_freq": 1_000_000,
            "logging_freq": 1_000_000,
            "num_workers": 0,
            "shuffle": True,
        },
        "model": _TRANSFORMER if name == "Transformer" else _RECURRENT,
    }


def _embedded(width: int) -> dict[str, Any]:
    return {"embedding_dim": width, "scale": True, "dropout": 0.3}


_TIED = {"initializer": "xavier_uniform", "embed_initializer": "xavier_uniform"}
_LAYERS = {
    "type": "transformer",
    "num_layers": 4,
    "num_heads": 4,
    "embeddings": _embedded(128),
    "hidden_size": 128,
    "ff_size": 256,
    "dropout": 0.3,
    "layer_norm": "pre",
}
_GRU = {
    "type": "recurrent",
    "rnn_type": "gru",
    "num_layers": 1,
    "embeddings": _embedded(256),
    "dropout": 0.3,
}
_TRANSFORMER = {**_TIED, "tied_softmax": True, "encoder": _LAYERS, "decoder": _LAYERS}
_RECURRENT = {
    **_TIED,
    "tied_softmax": False,  # its output is as wide as the decoder, not as an embedding
    "encoder": {**_GRU, "bidirectional": True, "hidden_size": 192},
    "decoder": {
        **_GRU,
        "hidden_size": 384,
        "hidden_dropout": 0.3,
        "init_hidden": "bridge",
        "input_feeding": False,
        "attention": "bahdanau",
    },
}
