"""Pictures: Fashion-MNIST as it is, and each object among clutter; captions of scenes and products.

Among clutter the same encoder is trained with attention and with mean pooling. Objects of the test
part are official test pictures, so that none was trained on. Captions are measured by BLEU, by
where words look, and by what a reader of captions finds in them.
"""

import csv
import os
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from benchmarks.table import Row
from regard import Captioner, ImageClassifier
from regard.config import read_config
from regard.data import Pictures, clutter, read_idx
from regard.jobs import load_parts, train
from regard.outputs.tokens.caption_metrics import caption_metrics

__all__ = ["run"]

_EXAMPLES = Path(__file__).parent.parent / "examples"
_EXAMPLE = _EXAMPLES / "clothes.json"
_WANTED = {"article": 0.85, "colour": 0.60, "gender": 0.93}  # named rightly
_CASES = {"train10k": 10_000, "t10k": 2_000}  # pictures among clutter


def run(*, quick: bool = False) -> list[Row]:
    """All problems; quick: one epoch, few pictures among clutter."""
    return [
        _clothes(quick),
        *_among_clutter(quick),
        *_scenes(quick),
        *_photographs(quick),
    ]


def _clothes(quick: bool) -> Row:
    config = read_config(_EXAMPLE, {"training.epochs": "1"} if quick else {})
    fitting, held, test, *_ = load_parts(config)
    parts = [fitting] if held is None else [fitting, held]
    theirs = _forest(parts, test, quick=quick)
    start = perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        ours = float(train(config, Path(folder) / "run")["accuracy"])
    seconds = perf_counter() - start
    return Row(
        "Fashion-MNIST, 10,000 training pictures, official test part, accuracy",
        f"random forest {theirs:.4f}",
        "≥ .90",
        f"{ours:.4f} in {seconds:.0f} s",
        ours >= 0.90,
    )


def _among_clutter(quick: bool) -> list[Row]:
    folder = Path(os.environ["REGARD_DATA"], "image_classification", "fashion_mnist")
    parts = []
    for seed, (name, cases) in enumerate(_CASES.items()):
        crops = read_idx(
            folder / f"{name}-images-idx3-ubyte.gz", folder / f"{name}-labels-idx1-ubyte.gz"
        )
        count = 200 if quick else cases
        parts.append(clutter(crops.values, crops.labels, pictures=count, size=64, seed=seed))
    training, test = parts
    theirs = _forest([training], test, quick=quick)
    attended, even = (
        _figures(training, test, attention, quick) for attention in ("additive", "none")
    )
    beside = f"random forest {theirs:.4f}; mean pooling {even['accuracy']:.4f}"
    found = "; ".join(
        f"{title} {attended[name]:.4f}"
        for title, name in (("AP", "localisation_ap"), ("chance", "localisation_chance"))
    )
    return [
        Row(
            "Fashion-MNIST among clutter, 64 x 64, accuracy",
            beside,
            "≥ .85",
            f"{attended['accuracy']:.4f} in {attended['seconds']:.0f} s",
            attended["accuracy"] >= 0.85,
        ),
        Row(
            "Fashion-MNIST among clutter, pointing game",
            "",
            "≥ .95",
            f"{attended['pointing_game']:.4f} ({found})",
            attended["pointing_game"] >= 0.95,
        ),
    ]


def _figures(training: Pictures, test: Pictures, attention: str, quick: bool) -> dict[str, Any]:
    options: dict[str, Any] = {"precision": "auto"} | ({"epochs": 1} if quick else {})
    start = perf_counter()
    model = ImageClassifier(attention=attention, random_state=0, **options).fit(training)
    seconds = perf_counter() - start
    seen = model.infer(test, maps=["weights"])
    found = model.output_.metrics(seen)
    found |= model.input_.localisation(seen, lambda n: model.output_.outcome(seen, n))
    return found | {"seconds": seconds}


def _forest(training: list[Pictures], test: Pictures, *, quick: bool) -> float:
    """Accuracy of a random forest of the pixels, on the same parts."""
    X = np.concatenate([part.values.reshape(len(part), -1) for part in training])
    y = np.concatenate([part.labels for part in training if part.labels is not None])
    forest = RandomForestClassifier(10 if quick else 100, random_state=0, n_jobs=-1)
    return float(forest.fit(X, y).score(test.values.reshape(len(test), -1), test.labels))


def _scenes(quick: bool) -> list[Row]:
    changes = {"training.epochs": "1", "data.pictures": "200"} if quick else {}
    config = read_config(_EXAMPLES / "scenes.json", changes)
    with tempfile.TemporaryDirectory() as folder:
        found = train(config, Path(folder) / "run")
    beside = f"most frequent caption: BLEU-4 {found['constant_bleu_4']:.1f}"
    exact, pointing = (float(found.get(name, 0.0)) for name in ("exact_match", "pointing_game"))
    seconds = f"{exact:.4f} in {found['fit_seconds']:.0f} s"
    title = "drawn scenes, exact caption"
    return [
        Row(title, beside, "≥ .98", seconds, exact >= 0.98),
        Row(
            "drawn scenes, pointing game of the words that describe objects",
            "",
            "≥ .90",
            f"{pointing:.4f} (AP {found.get('localisation_ap', 0.0):.4f}, chance "
            f"{found.get('localisation_chance', 0.0):.4f})",
            pointing >= 0.9,
        ),
    ]


def _photographs(quick: bool) -> list[Row]:
    """Soft and hard attention on product photographs, beside the nearest training picture.

    An attribute is named rightly where a reader of captions finds it in the one that was written: a
    logistic regression of words and pairs of words, trained on the true captions of the training
    part and their columns. Of the nearest picture it is also that picture's column.
    """
    changes = {"training.epochs": "1", "training.updates_per_epoch": "1"} if quick else {}
    config = read_config(_EXAMPLES / "captions.json", changes)
    parts = {name: _attributes(config.data.path, name) for name in ("train", "test")}
    readers = {name: _reader(parts["train"], name) for name in _WANTED}
    fitting, _, test, *_ = load_parts(config)
    nearest = _nearest(fitting, test)
    copied = [parts["train"]["caption"][at] for at in nearest]
    theirs = caption_metrics(copied, parts["test"]["caption"])["bleu_4"]
    found = {}
    for attention in ("additive", "hard"):
        attending = read_config(
            _EXAMPLES / "captions.json", {**changes, "model.attention": attention}
        )
        with tempfile.TemporaryDirectory() as folder:
            metrics = train(attending, Path(folder) / "run")
            texts = Captioner.load(Path(folder) / "run").predict(load_parts(attending)[2])
        found[attention] = metrics, texts
    soft, hard = (float(found[name][0]["bleu_4"]) for name in ("additive", "hard"))
    seconds = [float(found[name][0]["fit_seconds"]) for name in ("additive", "hard")]
    rows = [
        Row(
            "product photographs, BLEU-4",
            f"nearest training picture {theirs:.2f}",
            "≥ 25",
            f"{soft:.2f} in {seconds[0]:.0f} s",
            soft >= 25,
        ),
        Row(
            "product photographs, hard attention by REINFORCE, BLEU-4",
            f"soft attention {soft:.2f}",
            "within 2",
            f"{hard:.2f} in {seconds[1]:.0f} s",
            hard >= soft - 2,
        ),
    ]
    for name, wanted in _WANTED.items():
        true = np.array(parts["test"][name])
        column = np.array(parts["train"][name])[nearest]
        of_copy, of_true, ours = (
            float((readers[name].predict(each) == true).mean())
            for each in (copied, parts["test"]["caption"], found["additive"][1])
        )
        beside = (
            f"nearest training picture {of_copy:.3f}, its column {(column == true).mean():.3f}; "
            f"true captions {of_true:.3f}"
        )
        title = f"product photographs, {name} named rightly"
        rows.append(Row(title, beside, f"≥ {wanted}", f"{ours:.3f}", ours >= wanted))
    return rows


def _attributes(path: str, part: str) -> dict[str, list[str]]:
    """The columns of a part of the table."""
    with Path(path).open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == part]
    return {name: [row[name] for row in rows] for name in rows[0]}


def _reader(training: dict[str, list[str]], attribute: str) -> Any:
    """Captions to an attribute."""
    counts = CountVectorizer(ngram_range=(1, 2), token_pattern=r"\w+")
    model = make_pipeline(counts, LogisticRegression(C=30, max_iter=300))
    return model.fit(training["caption"], training[attribute])


def _nearest(training: Pictures, test: Pictures) -> Any:
    """[B] the training picture nearest to each test picture, of 20 x 15 pixels."""
    from PIL import Image

    def small(pictures: Pictures) -> Any:
        shrunk = [
            Image.fromarray(each[:rows, :columns]).resize((15, 20), Image.Resampling.BILINEAR)
            for each, (rows, columns) in zip(pictures.values, pictures.extents, strict=True)
        ]
        return np.stack([np.asarray(each, np.float32).ravel() for each in shrunk])

    own, others = small(test), small(training)
    squares = (others**2).sum(1) - 2 * own @ others.T
    return squares.argmin(1)
