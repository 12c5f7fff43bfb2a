"""BLEU and chrF of translators of Multi30k, by length of the source, and remedies."""

import gzip
import json
import os
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from benchmarks.table import Row
from benchmarks.translation_data import languages_of, multi30k
from regard import Translator, jobs
from regard.outputs.tokens.metrics import by_length, translation_metrics

__all__ = ["quality", "remedies"]

_TRANSFORMER: Mapping[str, Any] = {
    "model": {"encoder": "transformer", "dropout": 0.25, "embedding_dropout": 0.2},
    "training": {"epochs": 66, "learning_rate": 0.003},
}
_RECURRENT: Mapping[str, Any] = {
    "model": {"encoder": "gru", "hidden": 256, "attention_dim": 256, "length_penalty": 1.0},
    "training": {"epochs": 24, "learning_rate": 0.0012, "batch_tokens": 2_500, "warmup": 0.1},
}
_WITHOUT = {**_RECURRENT, "model": {**_RECURRENT["model"], "attention": "none"}}
_COMMON = {"precision": "bf16", "average": 5, "patience": 100}
_RUNS: Mapping[str, tuple[Mapping[str, Any], str, float | None]] = {
    "transformer": (_TRANSFORMER, "de", 41.0),
    "recurrent": (_RECURRENT, "de", 37.5),
    "without attention": (_WITHOUT, "de", None),
    "en-fr": (_TRANSFORMER, "fr", None),
}
"""Name to settings, the language to translate to, and the BLEU asked, lowercased."""
_PUBLISHED = {"transformer": "41.02 (Revisit-MMT)", "recurrent": "37.33 (nmtpy)"}
_PARTS = {"": "train", "validation_": "val", "test_": "test_2016_flickr"}
_SHORT: Mapping[str, Any] = {"learning_rate": 0.0015, "batch_tokens": 2_500, "warmup": 0.1}
_PAIRS = 6_000  # of the short trainings
_REMEDIES: Mapping[str, Mapping[str, Any]] = {
    "without": {},
    "scheduled sampling": {"scheduled_sampling": "linear"},
    "minimum risk": {"risk_epochs": 1, "risk_samples": 4},
}


def quality(
    runs: Sequence[Path] = (), *, quick: bool = False, out: Path | None = None
) -> list[Row]:
    """Figures of run folders, or of those trained here.

    Parameters:
        runs: of `regard train`; without any, all are trained.
        quick: one epoch of 300 pairs.
        out: where to keep what is trained.
    """
    if runs:
        found = {path.name: _figures(path) for path in runs}
    else:
        with TemporaryDirectory() as folder:
            kept = Path(folder) if out is None else out
            found = {name: _trained(name, kept / name, quick=quick) for name in _RUNS}
    rows = [row for name, metrics in found.items() for row in _rows(name, metrics)]
    pairs = [name for name in found if "without" in name or "recurrent" in name]
    if len(pairs) == 2:
        rows.append(_gap(*(found[name] for name in sorted(pairs))))
    return rows


def remedies(*, quick: bool = False) -> list[Row]:
    """BLEU of short trainings of the default translator, three seeds each.

    Minimum risk is fine-tuning: it comes after as many epochs as the model without has.
    """
    seeds = range(1 if quick else 3)
    epochs = 1 if quick else 10
    train, test = multi30k("train").head(300 if quick else _PAIRS), multi30k("test")
    if quick:
        test = test.head(50)
    found: dict[str, list[float]] = {}
    for name, changes in _REMEDIES.items():
        settings: dict[str, Any] = {**_SHORT, **_COMMON}
        settings |= {"epochs": epochs, "average": 1, **changes}
        if quick and "risk_epochs" in changes:
            settings |= {"risk_epochs": 1, "risk_samples": 2}
        for seed in seeds:
            model = Translator(**settings, random_state=seed).fit(*train)
            found.setdefault(name, []).append(model.score(*test))
            print(f"remedies, {name}, seed {seed}: BLEU {found[name][-1]:.2f}", flush=True)
    without = statistics.mean(found.pop("without"))
    return [
        Row(
            f"en-de, {len(train.sources)} pairs, {name}, BLEU, mean of {len(scores)} seeds of "
            f"{epochs} epochs",
            f"without {without:.2f}",
            "not lower",
            f"{statistics.mean(scores):.2f} ({min(scores):.2f}-{max(scores):.2f})",
            statistics.mean(scores) >= without,
        )
        for name, scores in found.items()
    ]


def _trained(name: str, out: Path, *, quick: bool) -> dict[str, Any]:
    settings, target, _ = _RUNS[name]
    data: dict[str, Any] = {"kind": "parallel"}
    for part, file in _PARTS.items():
        for side, language in (("source", "en"), ("target", target)):
            path = f"${{REGARD_DATA}}/pairs/multi30k/{file}.{language}.gz"
            data[f"{part}{side}_path"] = path
    training = {**_COMMON, **settings["training"]}
    if quick:
        for part, count in zip(_PARTS, (300, 40, 40), strict=True):
            for side in ("source", "target"):
                field = f"{part}{side}_path"
                data[field] = _head(data[field], out.parent / f"{field}.txt", count)
        training["epochs"] = 1
    config = {"task": "translate", "seed": 1, "data": data, **settings, "training": training}
    metrics = jobs.train(config, out)
    print(f"quality, {name}: BLEU {metrics['bleu']:.2f}", flush=True)
    return metrics


def _head(path: str, out: Path, count: int) -> str:
    """The first lines of a file, in a file of their own."""
    with gzip.open(os.path.expandvars(path), "rt", encoding="utf-8") as file:
        lines = [next(file) for _ in range(count)]
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text("".join(lines), encoding="utf-8")
    return str(out)


def _figures(path: Path) -> dict[str, Any]:
    """What a run folder says of its training, and its figures on the test part."""
    kept: dict[str, Any] = json.loads((path / "metrics.json").read_text(encoding="utf-8"))
    model, test = Translator.load(path), multi30k("test", *languages_of(path))
    predicted = model.predict(test.sources)
    lengths = [len(ids) for ids in model.input_.encode(model.input_.take(test.sources)).ids]
    return {
        **kept,
        **translation_metrics(predicted, test.targets),
        "by_length": by_length(predicted, test.targets, lengths),
    }


def _rows(name: str, metrics: Mapping[str, Any]) -> list[Row]:
    asked = _RUNS[name][2] if name in _RUNS else None
    signed = metrics["signatures"]
    scores = f"{metrics['bleu_lowercase']:.2f}, cased {metrics['bleu']:.2f}"
    seconds = f"trained in {metrics['fit_seconds'] / 60:.0f} min, {torch.get_num_threads()} threads"
    return [
        Row(
            f"{name}, test2016, BLEU lowercased ({signed['bleu_lowercase']}), cased "
            f"({signed['bleu']}), chrF ({signed['chrf']})",
            _PUBLISHED.get(name, ""),
            f"≥ {asked}" if asked else "",
            f"{scores}, chrF {metrics['chrf']:.2f}; {seconds}",
            metrics["bleu_lowercase"] >= asked if asked else None,
        )
    ]


def _gap(attending: Mapping[str, Any], without: Mapping[str, Any]) -> Row:
    """BLEU by length of the source, with attention and without."""
    return Row(
        "BLEU by tokens of the source",
        "without attention: " + _by_length(without),
        "",
        _by_length(attending),
    )


def _by_length(metrics: Mapping[str, Any]) -> str:
    rows = metrics["by_length"]
    return ", ".join(f"{row['from']}-{row['to']}: {row['bleu']:.1f}" for row in rows)
