"""The captioner of pictures: maps over pixels, every mechanism, pictures of any shape."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from regard import Captioner
from regard.data import Pictures, as_pictures, scenes
from regard.errors import ConfigError, DataError

SMALL: dict[str, Any] = {
    "hidden": 8,
    "layers": 1,
    "attention_dim": 8,
    "embedding_dim": 8,
    "beam": 2,
    "epochs": 1,
    "updates_per_epoch": 1,
    "device": "cpu",
    "random_state": 0,
}


def _cases(pictures: int = 12) -> Pictures:
    return scenes(pictures=pictures, size=28, objects=1, seed=3)


def _fit(cases: Pictures | None = None, **changes: Any) -> Captioner:
    return Captioner(**{**SMALL, **changes}).fit(_cases() if cases is None else cases)


def _plain(cases: Pictures) -> tuple[list[Any], list[str]]:
    """Wide and tall pictures, and their captions."""
    assert cases.labels is not None
    X = [each[:, :20] if n % 2 else each[:17] for n, each in enumerate(cases.values)]
    return X, cases.labels.tolist()


def test_it_learns_colours_finds_objects_and_keeps_them(tmp_path: Path) -> None:
    cases = _cases(60)
    assert cases.labels is not None
    captions = [
        "a warm thing" if "orange" in each or "red" in each else "cold" for each in cases.labels
    ]
    options = {"epochs": 12, "updates_per_epoch": 6, "batch_size": 20, "learning_rate": 0.01}
    options |= {"hidden": 16, "embedding_dim": 16, "dropout": 0.0, "embedding_dropout": 0.0}
    model = Captioner(**{**SMALL, **options}).fit(cases.values, captions)
    assert model.score(cases.values, captions, metric="exact_match") > 0.9
    model.save(tmp_path / "run")
    loaded = Captioner.load(tmp_path / "run")
    assert loaded.predict(cases.values) == model.predict(cases.values)
    for own, other in zip(loaded.attend(cases.values), model.attend(cases.values), strict=True):
        np.testing.assert_array_equal(own.weights, other.weights)


def test_a_model_that_writes_the_same_for_all_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = _plain(_cases())
    model = Captioner(**SMALL).fit(X, y)
    output: Any = model.output_
    seen = model.infer(model.input_.take(X, y, fitting=True))
    for text, written in (("a red ring", ["a red ring"] * len(y)), (None, list(y))):
        monkeypatch.setattr(output, "texts", lambda _, written=written: written)
        found = output.metrics(seen)
        assert found.get("only_text") == text
        said = [note for note in output.notes(found) if "has not learned to tell" in note]
        assert len(said) == (text is not None)
    same = replace(
        seen, cases=replace(seen.cases, labels=np.array(["a red ring"] * len(y), object))
    )
    monkeypatch.setattr(output, "texts", lambda _: ["a red ring"] * len(y))
    assert "only_text" not in output.metrics(same)


def test_maps_lie_over_the_pixels_of_each_picture_and_sum_to_one() -> None:
    X, y = _plain(_cases())
    model = Captioner(**SMALL).fit(X, y)
    for looks, picture in zip(model.attend(X), X, strict=True):
        assert looks.target[-1] == "[END]"
        longest = max(picture.shape[:2])
        sides = tuple(round(side * model.size_ / longest) for side in picture.shape[:2])
        assert looks.weights.shape == (len(looks.target), *sides)
        np.testing.assert_allclose(looks.weights.sum((1, 2)), 1, rtol=1e-5)


def test_a_picture_has_the_same_caption_alone_and_among_others() -> None:
    X, y = _plain(_cases())
    model = Captioner(**SMALL).fit(X, y)
    assert [model.predict([each])[0] for each in X] == model.predict(X)


@pytest.mark.parametrize("decoder", ["gru", "lstm", "transformer"])
@pytest.mark.parametrize("encoder", ["conv", "transformer"])
def test_every_encoder_and_decoder_describes(encoder: str, decoder: str) -> None:
    model = _fit(encoder=encoder, decoder=decoder, embedding_dim=None, heads=1)
    texts = model.predict(_cases(3))
    assert len(texts) == 3
    [[best, *_], *_] = model.predict_nbest(_cases(3), 2)
    assert best[0] == texts[0]


@pytest.mark.parametrize(
    "attention",
    ["none", "dot", "scaled-dot", "general", "sparsemax", "entmax15", "hard", "gumbel", "coverage"],
)
def test_mechanisms_describe(attention: str) -> None:
    model = _fit(attention=attention)
    [looks] = model.attend(_cases(1))
    assert looks.weights.shape[1:] == (28, 28)


@pytest.mark.parametrize("tokens", ["word", "bpe", "character"])
def test_maps_have_a_row_for_each_word_or_character(tokens: str) -> None:
    model = _fit(tokens=tokens)
    [text], [looks] = model.predict(_cases(1)), model.attend(_cases(1))
    units = list(text) if tokens == "character" else text.split()
    assert len(looks.target) == len(units) + 1


def test_words_with_known_boxes_are_localised() -> None:
    model = _fit(_cases(40), epochs=3, updates_per_epoch=3)
    cases = _cases(10)
    seen = model.infer(cases, maps=["weights"])
    found = model.input_.localisation(seen, lambda n: model.output_.outcome(seen, n))
    assert found == {} or set(found) == {
        "localisation_ap",
        "localisation_chance",
        "pointing_game",
    }
    X, y = _plain(cases)
    seen = model.infer(as_pictures(X, y, size=28, channels=3, texts=True), maps=["weights"])
    assert model.input_.localisation(seen, lambda n: model.output_.outcome(seen, n)) == {}


def test_a_map_inside_its_box_wins_the_pointing_game() -> None:
    """With maps made by hand: the caption is the true one, each word looks at its own box."""
    cases = scenes(pictures=6, size=48, objects=1, seed=3)
    model = _fit(cases)
    seen = model.infer(cases, maps=["weights"])
    assert cases.labels is not None
    assert cases.links is not None
    vocabulary = model.target_vocabulary_
    output: Any = model.output_
    rows = []
    for n in range(6):
        ids = vocabulary.encode([cases.labels[n]])[0].ids
        units = output.units(np.append(ids, 3))[0]  # with the end
        grid = np.zeros((len(units), 12, 12))
        top, left, bottom, right = cases.links[n][0, 2:]
        grid[:, (top + bottom) // 8, (left + right) // 8] = 1  # cells of 4 pixels
        rows.append(grid.reshape(len(units), -1))
        seen.values[n][0] = seen.values[n][0]._replace(ids=np.append(ids, 3))
    seen.maps["weights"][:] = rows
    found = model.input_.localisation(seen, lambda n: model.output_.outcome(seen, n))
    assert found["pointing_game"] == 1
    assert found["localisation_ap"] > 4 * found["localisation_chance"]


def test_wrong_input_is_refused(tmp_path: Path) -> None:
    X, y = _plain(_cases())
    for captions, words in (
        ([*y[:3], "", *y[4:]], "case 3: the text is missing"),
        (y[:4], "y has 4 texts, X has 12 cases"),
        (list(range(12)), "case 0"),
        (None, "requires y to be passed"),
    ):
        with pytest.raises(DataError, match=words):
            Captioner(**SMALL).fit(X, captions)
    model = _fit()
    with pytest.raises(ConfigError, match="evidence"):
        model.evidence(_cases(1))
    with pytest.raises(ConfigError, match="heads"):
        model.attend(_cases(1), heads=True)
    Image.new("RGB", (9, 9)).save(tmp_path / "a.png")
    with pytest.raises(DataError, match="there is no such file"):
        model.predict([tmp_path / "a.png", tmp_path / "b.png"])


def test_pictures_without_captions_are_skipped_with_a_note() -> None:
    X, y = _plain(_cases())
    with pytest.warns(UserWarning, match="2 of 12 cases are left out: no text"):
        Captioner(**SMALL, missing="skip").fit(X, ["", *y[1:5], None, *y[6:]])
