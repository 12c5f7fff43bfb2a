"""The classifier of pictures: maps over pixels, every attention, pictures of any shape."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sklearn.base import clone

from regard import ImageClassifier
from regard.catalogue import ALIGNMENTS, PICTURE_ENCODERS, SCORES, WINDOWS
from regard.data import Pictures, as_pictures, clutter
from regard.errors import ConfigError, DataError, RegardWarning
from regard.models import GridEncoder
from regard.plugins import register_encoder

SMALL: dict[str, Any] = {
    "hidden": 8,
    "layers": 1,
    "attention_dim": 8,
    "epochs": 1,
    "updates_per_epoch": 1,
    "calibration": "none",
    "device": "cpu",
    "random_state": 0,
}


def _pictures(cases: int = 12) -> tuple[Any, list[str]]:
    """Stripes across or down, of several sizes."""
    generator = np.random.default_rng(0)
    X, y = [], []
    for n in range(cases):
        rows, columns = ((16, 16), (16, 11), (7, 16))[n % 3]
        stripes = np.arange(rows)[:, None] % 4 < 2
        down = np.arange(columns)[None] % 4 < 2
        pixels = 200 * np.broadcast_to(stripes if n % 2 else down, (rows, columns))
        X.append((pixels + generator.integers(0, 50, (rows, columns))).astype(np.uint8))
        y.append(("down", "across")[n % 2])
    return X, y


def _make(**changes: Any) -> ImageClassifier:
    return ImageClassifier(**{**SMALL, **changes})


def _fit(**changes: Any) -> ImageClassifier:
    return _make(**changes).fit(*_pictures())


def test_it_learns_stripes_and_keeps_them(tmp_path: Path) -> None:
    X, y = _pictures(36)
    model = _make(epochs=12, updates_per_epoch=4, batch_size=12, learning_rate=0.01).fit(X, y)
    assert (model.predict(X) == y).mean() > 0.9
    model.save(tmp_path / "run")
    loaded = ImageClassifier.load(tmp_path / "run")
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))
    np.testing.assert_array_equal(loaded.attend(X), model.attend(X))


@pytest.mark.parametrize("encoder", PICTURE_ENCODERS)
@pytest.mark.parametrize("pooling", ["attention", "conjunctive"])
def test_maps_lie_inside_the_picture(encoder: str, pooling: str) -> None:
    X, _ = _pictures()
    model = _fit(encoder=encoder, pooling=pooling)
    weights = model.attend(X)
    assert weights.shape == (12, 16, 16)
    for own, picture in zip(weights, X, strict=True):
        rows, columns = picture.shape
        assert own[:rows, :columns].sum() == pytest.approx(1, abs=1e-5)
        assert own.sum() == pytest.approx(1, abs=1e-5)
        assert (own >= 0).all()
    seen = model.infer(X, maps=["evidence", "weights"])
    told = np.array([each.sum((1, 2)) for each in seen.maps["evidence"]])
    np.testing.assert_allclose(told, seen.values, atol=1e-5)
    assert [each.shape for each in seen.maps["weights"]] == [each.shape for each in X]


def test_a_case_is_the_same_alone_and_beside_others() -> None:
    X, _ = _pictures()
    model = _fit()
    together, values = model.attend(X), model.predict_proba(X)
    for n in (0, 1, 2):
        np.testing.assert_allclose(model.attend(X[n : n + 1])[0], together[n], atol=1e-6)
        np.testing.assert_allclose(model.predict_proba(X[n : n + 1])[0], values[n], atol=1e-6)


ATTENTIONS: list[Any] = [*SCORES, *WINDOWS, *ALIGNMENTS]


@pytest.mark.parametrize("attention", ATTENTIONS)
def test_every_attention_goes_with_pictures(attention: str) -> None:
    X, _ = _pictures()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RegardWarning)
        model = _fit(attention=attention)
    for own in model.attend(X):
        assert own.sum() == pytest.approx(1, abs=1e-5)


def test_heads_and_layers_have_maps_of_their_own() -> None:
    X, _ = _pictures()
    model = _fit(encoder="transformer", heads=3, pooling="attention")
    heads = model.attend(X, heads=True)
    assert heads.shape == (12, 3, 16, 16)
    np.testing.assert_allclose(heads.mean(1), model.attend(X), atol=1e-6)
    model = _fit(encoder="transformer", layers=2, size=12)
    [layers] = model.infer(X[:1], maps=["layers"]).maps["layers"]
    assert layers.shape[::2] == (2, 9)  # layers; positions that ask, three by three


def test_new_pictures_are_resized_and_take_the_colours_of_the_run() -> None:
    model = _fit()
    colour = np.zeros((1, 5, 40, 3), np.uint8)
    assert model.attend(colour).shape == (1, 16, 16)
    assert (model.attend(colour)[0, 2:] == 0).all()  # 2 x 16 pixels after resizing
    rgb = _make().fit(np.tile(as_pictures(_pictures()[0]).values, (1, 1, 1, 3)), _pictures()[1])
    assert rgb.channels_ == 3
    assert rgb.predict(_pictures()[0]).shape == (12,)


def test_pictures_of_another_size_are_refused() -> None:
    cases = clutter(pictures=2, size=30)
    with pytest.raises(DataError, match="has pictures of 30 x 30 pixels and 1 channels; the model"):
        _fit().predict(cases)


def test_paths_are_read(tmp_path: Path) -> None:
    X, y = _pictures()
    paths = [tmp_path / f"{n}.png" for n in range(len(X))]
    for path, picture in zip(paths, X, strict=True):
        Image.fromarray(picture).save(path)
    model = _make().fit(paths, y)
    np.testing.assert_allclose(model.predict_proba(paths), _fit().predict_proba(X), atol=1e-6)


def test_what_cannot_be_learned_is_refused() -> None:
    X, y = _pictures()
    with pytest.raises(DataError, match="class"):
        _make().fit(X, ["a"] * len(X))
    with pytest.raises(DataError, match="requires y"):
        _make().fit(X)
    with pytest.raises(DataError, match="all 12 pictures are the same"):
        _make().fit([X[0]] * 12, y)
    with pytest.raises(DataError, match="the label is missing"):
        _make().fit(X, ["", *y[1:]])
    with pytest.raises(DataError, match="X holds|holds <U1"):
        _make().fit(np.full((12, 4, 4), "a"), y)


def test_wrong_parameters_are_named() -> None:
    with pytest.raises(ConfigError, match='encoder: "inception" is not one of conv, transformer'):
        _fit(encoder="inception")
    with pytest.raises(ConfigError, match="the form lstm-attention reads sequences"):
        _fit(form="lstm-attention")
    with pytest.raises(ConfigError, match="augmentation"):
        _fit(augmentation="warp")
    with pytest.raises(ConfigError, match="size"):
        _fit(size=0)


@pytest.mark.parametrize("augmentation", ["shift", "shift-flip", "none"])
def test_the_same_seed_gives_the_same_model(augmentation: str) -> None:
    X, _ = _pictures()
    first, again = (_fit(augmentation=augmentation).predict_proba(X) for _ in range(2))
    np.testing.assert_array_equal(first, again)


def test_scikit_learn_knows_it() -> None:
    model = _make(heads=2)
    assert clone(model).get_params() == model.get_params()
    assert model.__sklearn_tags__().input_tags.three_d_array


def test_known_boxes_are_measured() -> None:
    cases = clutter(pictures=12, size=32)
    assert cases.boxes is not None
    model = _make().fit(cases)
    seen = model.infer(cases, maps=["weights"])
    figures = model.input_.localisation(seen, lambda n: model.output_.outcome(seen, n))
    assert set(figures) == {"localisation_ap", "localisation_chance", "pointing_game"}
    areas = [(d - a) * (e - b) / 32**2 for a, b, d, e in cases.boxes.tolist()]
    assert figures["localisation_chance"] == pytest.approx(np.mean(areas))
    highest = [
        a <= own.argmax() // 32 < d and b <= own.argmax() % 32 < e
        for own, (a, b, d, e) in zip(seen.maps["weights"], cases.boxes.tolist(), strict=True)
    ]
    assert figures["pointing_game"] == pytest.approx(np.mean(highest), abs=0.05)


def test_constant_pixels_do_no_harm() -> None:
    values = np.zeros((12, 8, 8, 1), np.uint8)
    extents = np.full((12, 2), 8)
    extents[::2] = 4  # the pictures differ in size alone
    with pytest.warns(RegardWarning, match="the model has learned nothing"):
        model = _make().fit(Pictures(values, extents, np.array(["a", "b"] * 6)))
    assert np.isfinite(model.predict_proba(Pictures(values, extents))).all()


@pytest.mark.usefixtures("forget_plugins")
def test_an_encoder_of_ones_own() -> None:
    class Blocks(GridEncoder):
        """The mean of each block of pixels."""

        def __init__(self, channels: int, size: int) -> None:
            super().__init__()
            self.width, self.cell = channels, 8
            self.size = size

        def forward(self, pictures: Any, mask: Any = None) -> Any:
            from torch.nn.functional import avg_pool2d

            pixels = pictures if mask is None else pictures * mask.unsqueeze(1)
            return avg_pool2d(pixels, 8, ceil_mode=True).flatten(2).transpose(1, 2)

    register_encoder(Blocks)
    X, _ = _pictures()
    model = _fit(encoder=Blocks, pooling="attention")
    assert model.attend(X).shape == (12, 16, 16)
    assert _fit(encoder="Blocks").predict(X).shape == (12,)
