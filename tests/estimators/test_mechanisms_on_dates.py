"""Every mechanism between the decoder and the encoder of a translator, on dates."""

import numpy as np
import pytest

from regard.catalogue import ALIGNMENTS, SCORES, WINDOWS
from regard.estimators import Translator
from regard.inputs.text.dates import dates

DATES = dates(cases=60)


def _trained(attention: str, **changes: float) -> Translator:
    model = Translator(
        attention=attention,
        tokens="character",
        hidden=8,
        embedding_dim=8,
        attention_dim=8,
        beam=1,
        epochs=1,
        updates_per_epoch=5,
        learning_rate=0.03,
        random_state=0,
    )
    model.set_params(**changes)
    return model.fit(list(DATES.texts), DATES.labels)


@pytest.mark.parametrize("name", [*SCORES, *WINDOWS, *ALIGNMENTS])
def test_each_trains_and_aligns_longer_sources_too(name: str) -> None:
    model = _trained(name)
    # It has learned which characters a date has, if nothing else.
    assert model.history_[-1]["loss"] < np.log(model.target_vocabulary_.size)
    longer = ", ".join(["paid"] * 20 + ["3 May 1979"])
    [found] = model.align([longer], ["1979-05-03"])
    assert found.target == [*"1979-05-03", "[END]"]
    assert found.source == ["paid", ","] * 20 + ["3", "May", "1979", "[END]"]
    total = found.weights.sum(1)
    if name in ("local-p", "monotonic"):  # less than one, as published
        assert (total <= 1 + 1e-6).all()
    else:
        np.testing.assert_allclose(total, 1, atol=1e-6)
    if name in ("hard", "gumbel", "monotonic"):
        assert set(found.weights.ravel()) <= {0.0, 1.0}


def test_without_attention_every_character_counts_alike() -> None:
    [found] = _trained("none", updates_per_epoch=1).align(["3 May 1979"], ["1979-05-03"])
    shares = np.array([1, 4, 5, 1]) / 11  # of the words, each with the blank before it
    np.testing.assert_allclose(found.weights, np.tile(shares, (11, 1)), atol=1e-6)
