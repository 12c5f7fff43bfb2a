"""The composer from Python."""

from pathlib import Path

import numpy as np
import pytest

from regard import Composer
from regard.data import canons
from regard.errors import ConfigError, DataError
from regard.inputs.music.pieces import Kind
from regard.inputs.music.take import as_pieces

TINY = {"hidden": 16, "heads": 2, "layers": 1, "steps": 3}


@pytest.fixture(scope="module")
def follower() -> Composer:
    cases = canons(pieces=150, steps=12, delay=2, seed=0)
    parameters = {**TINY, "hidden": 32, "dropout": 0.0, "learning_rate": 0.02, "unknown": 0.0}
    return Composer(given=["voice 1"], epochs=10, random_state=0, **parameters).fit(cases)


def test_the_second_voice_of_a_canon_is_written_and_looks_at_the_first(follower: Composer) -> None:
    cases = canons(pieces=20, steps=12, delay=2, seed=5)
    assert follower.score(cases) > 0.9
    found = []
    for looks in follower.attend(cases):
        own = np.arange(5, len(looks), 2)  # the second voice from step 2 on
        found += (looks[own].argmax(1) == own - 5).tolist()  # the first one two steps before
    assert np.mean(found) > 0.9


def test_a_melody_alone_and_the_whole_piece_get_the_same(follower: Composer) -> None:
    cases = canons(pieces=3, steps=9, delay=2, seed=6)
    whole = follower.predict(cases)
    melodies = [" ".join(events[:, 0]) for events in cases.events]
    alone = follower.predict(melodies)
    for first, second in zip(whole.events, alone.events, strict=True):
        assert first.tolist() == second.tolist()
    assert alone.voices == ("voice 1", "voice 2")


def test_a_row_of_the_map_sums_to_one_less_what_was_before_the_first(follower: Composer) -> None:
    cases = canons(pieces=2, steps=6, delay=2, seed=6)
    for events, looks in zip(cases.events, follower.attend(cases), strict=True):
        assert looks.shape == (events.size, events.size)
        assert (looks.sum(1) <= 1 + 1e-6).all()
        assert looks[0::2].sum(1) == pytest.approx(1)  # the melody sees itself alone
        assert (looks[0::2, 1::2] == 0).all()
        for place in range(1, len(looks), 2):
            assert (looks[place, place::2] == 0).all()  # itself, and what is written later


def test_log_probabilities_are_the_score(follower: Composer) -> None:
    chords = ["Dm7 G7 Cmaj7 Am7", "Am7 Dm7 G7 Cmaj7", "Fm7 Bb7 Ebmaj7"]
    model = Composer(epochs=2, random_state=0, **TINY).fit(chords)
    each = model.log_prob(chords)
    steps = sum(map(len, each))
    assert model.score(chords) == pytest.approx(sum(piece.sum() for piece in each) / steps)
    assert follower.log_prob(canons(pieces=1, steps=5))[0][:, 0].tolist() == [0.0] * 5


def test_the_same_seed_gives_the_same_piece_alone_and_beside_others(tmp_path: Path) -> None:
    chords = ["Dm7 G7 Cmaj7 Am7", "Am7 Dm7 G7 Cmaj7", "Fm7 Bb7 Ebmaj7"]
    model = Composer(epochs=1, random_state=0, **TINY).fit(chords)
    some = model.predict(["Dm7", "G7 Cmaj7"], seed=4)
    assert [len(piece) for piece in some.events] == [4, 5]
    [alone] = model.predict(["G7 Cmaj7"], seed=4).events
    assert alone.tolist() == some.events[1].tolist()
    assert len(model.predict(["Dm7"], steps=9).events[0]) == 10
    model.save(tmp_path / "run")
    loaded = Composer.load(tmp_path / "run")
    assert loaded.predict(["Dm7"], seed=4).events[0].tolist() == some.events[0].tolist()
    likeliest = [model.predict(["Dm7"], top_k=1, seed=seed).events[0].tolist() for seed in (1, 2)]
    assert likeliest[0] == likeliest[1]


def test_an_event_that_is_not_known_is_read_and_kept(follower: Composer) -> None:
    model = Composer(epochs=1, random_state=0, **TINY).fit(["Dm7 G7", "G7 Dm7", "Dm7 Dm7 G7"])
    written = model.predict(["Xyz G7"]).events[0].ravel().tolist()
    assert written[:2] == ["Xyz", "G7"]
    assert "Xyz" not in written[2:]


def test_events_that_are_not_known_have_the_share_of_good_and_turing() -> None:
    chords = ["Dm7 G7", "G7 Dm7", "Dm7 A7 G7 Em7", "F6 F6 C C"]  # A7 and Em7 once; F6 and C twice
    model = Composer(epochs=1, transpose=0, random_state=0, **TINY).fit(chords)
    assert model.unseen_ == 2 / 13
    assert model.unseen_kinds_ == 1.0
    [piece] = model.log_prob(["Dm7 Xyz"])
    assert piece[1, 0] == pytest.approx(np.log(2 / 13))
    known = [model.log_prob([f"Dm7 {chord}"])[0][1, 0] for chord in model.events_.events]
    assert np.exp(known).sum() == pytest.approx(1 - 2 / 13)


def test_what_is_refused(follower: Composer) -> None:
    with pytest.raises(DataError, match="y: pieces are learned from as they are"):
        Composer(epochs=1).fit(["Dm7 G7"], ["a"])
    with pytest.raises(DataError, match="all 3 events to learn from are 'Dm7'"):
        Composer(epochs=1).fit(["Dm7", "Dm7 Dm7"])
    with pytest.raises(DataError, match="wanted pieces of voices, given chords"):
        follower.infer(Composer(epochs=1, **TINY).fit(["Dm7 G7", "G7 Dm7"]).predict(["Dm7"]))
    with pytest.raises(DataError, match="X: case 0 has 3 voices, wanted voice 1"):
        follower.predict(["72,60,48 74,-,48"])
    with pytest.raises(ConfigError, match="heads: the map of an event is the mean"):
        follower.attend(canons(pieces=1, steps=5), heads=True)
    with pytest.raises(ConfigError, match="several layers are not linear"):
        follower.evidence(canons(pieces=1, steps=5))


@pytest.mark.parametrize("kind", ["voices", "notes"])
def test_what_is_written_begins_where_it_did_not_sound(kind: Kind) -> None:
    texts = ["60,64 60~,64~ 62,65 62~,65~ 64,- 64~,67", "65,69 65~,69~ 67,- 67~,72 60,64 60~,64"]
    pieces = as_pieces(texts, kind=kind)
    model = Composer(hidden=8, heads=2, layers=1, epochs=1, random_state=0, device="cpu")
    model.fit(pieces)
    held = 0
    for seed in range(5):
        [piece] = model.predict(as_pieces(["60,64"], kind=kind), steps=40, seed=seed).events
        for step, events in enumerate(piece[1:].tolist()):
            sounded = [event.removesuffix("~") for event in piece[step].tolist()]
            for voice, event in enumerate(events):
                before = sounded if kind == "notes" else sounded[voice : voice + 1]
                if event.endswith("~"):
                    held += 1
                    assert event.removesuffix("~") in before
    assert held


def test_what_is_given_stays_as_it_is() -> None:
    model = Composer(hidden=8, heads=2, layers=1, epochs=1, random_state=0, device="cpu")
    model.fit(["60 60~ 62 62~ 64 64~", "65 65~ 67 67~ 60 60~"])
    [piece] = model.predict(["60~ 62~"], steps=1).events
    assert piece[:2].ravel().tolist() == ["60~", "62~"]
