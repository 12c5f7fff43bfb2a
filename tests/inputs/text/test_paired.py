import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args

import numpy as np
import pytest
import torch

from regard.errors import ConfigError, DataError
from regard.inference import Inference
from regard.inputs.input import Parts
from regard.inputs.text.config import sections
from regard.inputs.text.input import TextInput
from regard.inputs.text.leaning import Leaning
from regard.inputs.text.paired import PairedInput
from regard.inputs.text.pairs import as_pairs
from regard.inputs.text.texts import Texts
from regard.outputs.tokens.outcome import TokensOutcome
from regard.tokens import END, UNKNOWN

ENGLISH = ["A man sleeps.", "The man runs to the dog.", "A dog sleeps.", "The dogs run."] * 7
GERMAN = ["Ein Mann schläft.", "Der Mann rennt zum Hund.", "Ein Hund schläft.", "Hunde rennen."] * 7
KINDS: dict[str, Any] = {
    get_args(each.model_fields["kind"].annotation)[0]: each for each in sections("tokens").data
}


def paired(
    kind: str = "arrays",
    *,
    tokens: str = "bpe",
    joint: bool = True,
    vocabulary: int = 200,
    subword_dropout: float = 0.0,
    **data: Any,
) -> PairedInput:
    model = SimpleNamespace(
        tokens=tokens,
        joint=joint,
        vocabulary=vocabulary,
        min_count=1,
        subword_dropout=subword_dropout,
        copying=False,
    )
    config: Any = SimpleNamespace(data=KINDS[kind](kind=kind, **data), model=model, seed=0)
    return PairedInput(config, target="tokens")


def fitted(X: Any = ENGLISH, y: Any = GERMAN, **options: Any) -> tuple[PairedInput, Any, Any]:
    """The input, its training pairs, and these encoded."""
    made = paired(**options)
    pairs = made.take(X, y, fitting=True)
    return made, pairs, made.fit(pairs)


def written(folder: Path, **parts: tuple[list[str], list[str]]) -> dict[str, Any]:
    """Fields that name the files of each part, which are written."""
    fields: dict[str, Any] = {}
    for name, sides in parts.items():
        for side, lines in zip(("source", "target"), sides, strict=True):
            path = folder / f"{name}.{side}"
            path.write_text("\n".join(lines), encoding="utf-8")
            fields[f"{name}_{side}_path".removeprefix("train_")] = str(path)
    return fields


def divided(made: PairedInput) -> Parts:
    cases, test, source = made.load()
    return made.divide(cases, test, np.zeros(len(cases)), source)


def test_the_class_goes_by_the_target() -> None:
    assert TextInput.for_target("tokens") is PairedInput
    assert TextInput.for_target("class") is TextInput


def test_half_a_part_is_refused() -> None:
    with pytest.raises(ValueError, match="test_source_path is given without test_target_path; "):
        KINDS["parallel"](kind="parallel", source_path="a", target_path="b", test_source_path="c")


def test_files_of_every_part(tmp_path: Path) -> None:
    some = ["a", "b", "c"], ["d", "e", "f"]
    files = written(tmp_path, train=some, validation=(["b", "g"], ["h", "i"]), test=(["j"], ["k"]))
    made = paired("parallel", **files)
    parts = divided(made)
    assert [len(part or "") for part in parts[:3]] == [3, 2, 1]
    assert made.config.data.test_path == files["test_source_path"]
    assert parts.notes == (
        "1 of 2 texts of the validation part also occur in the training part: the metrics are too "
        "optimistic",
    )


def test_parts_by_share_and_copies_are_said(tmp_path: Path) -> None:
    lines = [f"line {n}" for n in range(50)]
    made = paired("parallel", test_share=0.2, **written(tmp_path, train=(lines, lines)))
    parts = divided(made)
    assert (len(parts.train), parts.validation, len(parts.test)) == (40, None, 10)
    assert made.notes[0].startswith("source and target are equal in 50 of 50 pairs")


def test_pairs_of_one_source_are_in_one_part(tmp_path: Path) -> None:
    sources = [f"source {n % 60}" + " " * (n > 99) for n in range(200)]
    files = written(tmp_path, train=(sources, [f"target {n}" for n in range(200)]))
    made = paired("parallel", test_share=0.2, validation_share=0.1, **files)
    parts = divided(made)
    every: list[Any] = [parts.train, parts.validation, parts.test]
    assert parts.notes == ()
    found = [target for part in every for target in part.labels]
    assert sorted(found) == sorted(f"target {n}" for n in range(200))
    assert [len(set(part.texts)) for part in every] == [42, 6, 12]
    held: Any
    train, held = made.hold_out(made.load()[0], np.zeros(200))
    assert not set(train.texts) & set(held.texts)


def test_a_table_with_files_for_each_part(tmp_path: Path) -> None:
    for name, rows in (("a", "a\tb\nc\td\n"), ("b", "e\tf\n"), ("c", "g\th\n\ti\n")):
        (tmp_path / f"{name}.txt").write_text(rows)
    files = {"path": "a", "validation_path": "b", "test_path": "c"}
    given: dict[str, Any] = {field: str(tmp_path / f"{name}.txt") for field, name in files.items()}
    made = paired("table", header=False, missing="skip", **given)
    parts = divided(made)
    assert [part and part.texts for part in parts[:3]] == [("a", "c"), ("e",), ("g",)]
    assert made.notes == ["test file: 1 of 2 cases is left out: no source (row 2, column '1')"]


def test_dates_have_a_further_part_of_longer_sources() -> None:
    parts = divided(paired("dates", cases=300, longer=20))
    every = [*parts.train.texts, *parts.test.texts]
    assert len(set(every)) == 300
    longer = parts.further["longer"]
    assert len(longer) == 20
    assert min(map(len, longer.texts)) >= 1.5 * max(map(len, every))
    assert parts.train.links is not None
    assert not divided(paired("dates", cases=300, longer=0)).further


@pytest.mark.parametrize("tokens", ["bpe", "word", "character"])
def test_the_end_is_a_word_of_its_own(tokens: str) -> None:
    made, pairs, encoded = fitted(tokens=tokens)
    assert (encoded.truncated, len(encoded)) == (0, len(pairs))
    for text, ids, spans, words, of_words in zip(
        encoded.texts, encoded.ids, encoded.spans, encoded.words, encoded.word_spans, strict=True
    ):
        assert (ids[-1], END in ids[:-1], UNKNOWN in ids) == (END, False, False)
        assert spans[-1].tolist() == [len(text), len(text)]
        assert (words[-1], words[-2]) == (len(of_words) - 1, len(of_words) - 2)
        found = [text[start:stop].strip() for start, stop in of_words]
        assert found == [*text.replace(".", " .").split(), ""]
    assert encoded.known.tolist() == [len(each) - 1 for each in encoded.word_spans]
    assert made.longest_ == max(map(len, encoded.ids))


def test_a_joint_vocabulary_knows_both_sides() -> None:
    for joint in (True, False):
        made, _, _ = fitted(joint=joint, tokens="word")
        [ids, _, _] = made.vocabulary_.encode(["Hund"])[0]
        assert (ids[0] != UNKNOWN) == joint


def test_a_longer_source_is_truncated_before_its_end() -> None:
    made, _, _ = fitted(tokens="word", max_tokens=3)
    texts = made.take(["The dog sleeps .", "A dog .", "A"])
    encoded = made.encode(texts)
    assert [len(ids) for ids in encoded.ids] == [4, 4, 2]
    assert encoded.lengths.tolist() == [4, 3, 1]
    assert encoded.ids[0][-1] == END
    assert made.remarks(Inference(None, encoded, []))[-1] == "1 truncated to 3 tokens"


def tokens_of(made: PairedInput, texts: Any) -> Any:
    found = np.empty(len(texts), object)
    found[:] = [np.append(each.ids, END) for each in made.vocabulary_.encode(list(texts))]
    return found


def test_batches_have_tokens_and_padded_targets() -> None:
    made, pairs, encoded = fitted()
    targets = tokens_of(made, pairs.labels)
    part = made.part(encoded, targets=targets, training=True)
    index = np.array([1, 5, 2])
    (tokens,), mask, wanted, _ = part[index]
    assert tokens.dtype == torch.int64
    assert mask is not None
    assert wanted is not None
    for row, at in enumerate(index):
        assert tokens[row][mask[row]].tolist() == encoded.ids[at].tolist()
        assert not tokens[row][~mask[row]].any()
        length = len(targets[at])
        assert wanted[row, :length].tolist() == targets[at].tolist()
        assert not wanted[row, length:].any()
        assert part.sizes is not None
        assert part.sizes[at] == 2 * max(len(encoded.ids[at]), length)
    assert wanted.shape[1] == max(len(targets[at]) for at in index)
    assert made.part(encoded, targets=None, training=False)[index].targets is None


def test_over_long_pairs_are_left_out_of_training_alone() -> None:
    X, y = ["a b c", "a", "a b", "c"], ["d", "d e f", "d e", "d"]
    made, pairs, encoded = fitted(X, y, tokens="word", max_tokens=2)
    targets = tokens_of(made, pairs.labels)
    part = made.part(encoded, targets=targets, training=True)
    assert len(part) == 2
    assert part[np.array([0])].inputs[0].tolist() == [encoded.ids[2].tolist()]
    assert made.notes == [
        "2 of 4 pairs are left out: source or target has more than 2 tokens (max_tokens)"
    ]
    assert len(made.part(encoded, targets=targets, training=False)) == 4


def test_pairs_that_are_all_over_long() -> None:
    made, pairs, encoded = fitted(["a b"], ["d e f"], tokens="word", max_tokens=1)
    with pytest.raises(DataError) as caught:
        made.part(encoded, targets=tokens_of(made, pairs.labels), training=True)
    assert str(caught.value) == (
        "all 1 pairs have a source or target of more than 1 token (max_tokens); pass max_tokens=3"
    )


def training_part(rate: float, *, limit: int = 99) -> tuple[Any, Any, Any, Any]:
    """The part to train on with BPE-dropout, the input, its sources encoded, and its targets."""
    X, y = [*ENGLISH, "dog " * (limit + 1)], [*GERMAN, "Hund"]
    made, pairs, encoded = fitted(X, y, subword_dropout=rate, max_tokens=limit)
    targets = tokens_of(made, pairs.labels)
    output = SimpleNamespace(target_vocabulary_=made.vocabulary_)
    part = made.training_part(pairs, encoded, targets=targets, output=output)
    return part, made, encoded, targets


def sides(part: Any) -> list[list[list[int]]]:
    """The tokens of each case of a part, sources and targets."""
    found: list[list[list[int]]] = [[], []]
    for at in range(len(part)):
        (tokens,), _, wanted, _ = part[np.array([at])]
        found[0].append(tokens[0].tolist())
        found[1].append(wanted[0].tolist())
    return found


def test_every_pass_cuts_both_sides_into_other_subwords() -> None:
    part, made, encoded, targets = training_part(0.3)
    assert len(part) == len(ENGLISH)
    given = [[ids.tolist() for ids in each] for each in (encoded.ids[:-1], targets[:-1])]
    assert sides(part) == given
    sizes, decode = part.sizes.tolist(), made.vocabulary_.decode
    passes: list[list[list[list[int]]]] = []
    for number in (0, 1, 0):
        part.set_pass(number)
        passes.append(sides(part))
        for side, texts in zip(passes[-1], (ENGLISH, GERMAN), strict=True):
            assert [decode(ids) for ids in side] == texts
            assert all(ids[-1] == END for ids in side)
    assert passes[0] == passes[2] != passes[1]
    for n in (0, 1):
        assert passes[0][n] != passes[1][n]
        assert sum(map(len, passes[0][n])) > sum(map(len, given[n]))
    assert part.sizes.tolist() == sizes  # every pass has the same number of batches
    (tokens,), mask, _, _ = part[np.arange(len(part))]
    assert mask.sum(1).tolist() == [len(ids) for ids in passes[2][0]]
    assert not tokens[~mask].any()


def test_no_cut_has_more_tokens_than_are_trained_on() -> None:
    part, made, encoded, _ = training_part(0.9, limit=12)
    longest = 0
    for number in range(20):
        part.set_pass(number)
        for ids in sides(part)[0]:
            longest = max(longest, len(ids))
    assert max(map(len, encoded.ids[:-1])) < longest <= 13
    assert made.notes[-1].startswith("1 of 29 pairs is left out")


def test_validation_and_a_rate_of_zero_have_the_ordinary_subwords() -> None:
    _, made, encoded, targets = training_part(0.3)
    held = made.part(encoded, targets=targets, training=True)
    for part in (training_part(0.0)[0], held):
        before = sides(part)
        part.set_pass(1)
        assert sides(part) == before


def test_maps_are_summed_over_the_tokens_of_a_word() -> None:
    made, _, encoded = fitted(vocabulary=40)  # letters, mostly
    index = np.array([3, 0])
    longest = max(len(encoded.ids[at]) for at in index)
    generator = np.random.default_rng(0)
    maps = {
        "attention": generator.random((2, 5, longest)),
        "heads": generator.random((2, 3, 5, longest)),
    }
    laid = made.lay(torch.nn.Identity(), maps, encoded, index)
    for name, rows in laid.items():
        for row, given, at in zip(rows, maps[name], index, strict=True):
            words = encoded.words[at]
            wanted = [
                given[..., : len(words)][..., words == w].sum(-1) for w in range(words[-1] + 1)
            ]
            np.testing.assert_allclose(row, np.stack(wanted, -1))


@pytest.mark.parametrize("joint", [True, False])
def test_a_swapped_text_is_said(joint: bool) -> None:
    made, _, _ = fitted(joint=joint)
    encoded = made.encode(made.take(["The dog sleeps.", "Der Hund schläft.", "A dog runs."]))
    [said] = made.remarks(Inference(None, encoded, []))
    assert said == "1 like the language to translate to: was it swapped?"


def test_sides_in_one_language_are_not_told_apart() -> None:
    made, _, encoded = fitted(ENGLISH, ENGLISH[1:] + ENGLISH[:1])
    assert made.remarks(Inference(None, encoded, [])) == []


def test_what_is_kept_restores_the_input() -> None:
    made, pairs, encoded = fitted(joint=False)
    other = paired(joint=False)
    other.restore_text(made.kept_text())
    other.restore(json.loads(json.dumps(made.kept())))
    again = other.encode(pairs)
    assert all(map(np.array_equal, again.ids, encoded.ids))
    assert other.longest_ == made.longest_
    swapped = other.encode(made.take(GERMAN[:1]))
    assert other.remarks(Inference(None, swapped, [])) == made.remarks(Inference(None, swapped, []))
    with pytest.raises(KeyError):
        other.restore({})


def test_new_files_are_tables_or_lines(tmp_path: Path) -> None:
    for name in ("a.txt", "a.en", "a.csv", "a.dat"):
        (tmp_path / name).write_text("en,de\na,b\n" if name[2:] in ("csv", "dat") else "c\n\nd\n")
    parallel = paired("parallel", source_path="x", target_path="y")
    table = paired("table", path="x", source="en", target="de")
    for made in (parallel, table):
        texts = made.read(tmp_path / "a.txt")
        assert texts.texts == ("c", "", "d")
        assert made.usable(texts).tolist() == [True, False, True]
    assert parallel.read(tmp_path / "a.en").texts == ("c", "", "d")
    for name in ("a.csv", "a.dat"):
        found = table.read(tmp_path / name)
        assert found.labels is not None
        assert (found.texts, found.labels.tolist()) == (("a",), ["b"])
    with pytest.raises(DataError, match="has no column 'source'"):
        parallel.read(tmp_path / "a.csv")
    with pytest.raises(ConfigError, match="source: name a file"):
        parallel.read(None)


def test_typed_and_taken_texts() -> None:
    made = paired()
    assert made.typed("A dog.").texts == ("A dog.",)
    with pytest.raises(ConfigError, match="text: is empty"):
        made.typed(" ")
    pairs = as_pairs(["a"], ["b"])
    assert made.take(pairs) is pairs
    with pytest.raises(DataError, match="y: wanted the text to write"):
        made.take(["a"], fitting=True)


def test_tokens_of_both_sides_are_weighed_by_their_counts() -> None:
    a, b = np.array([0, 0, 1]), np.array([1, 2, 2])
    found = Leaning.learn([a] * 9, [b] * 9, tokens=3).to_dict()
    # log((18 + .5) / (0 + .5)) = 3.61; both sides have 27 tokens
    assert found == {"weights": [36, 0, -36], "threshold": -30}


def test_arrays_are_not_loaded() -> None:
    with pytest.raises(DataError, match=r"data\.kind: arrays come from Python"):
        paired().load()


def dated(right: bool, *, units: list[str]) -> tuple[PairedInput, Inference, TokensOutcome]:
    """The 3 May 1979, with a map that gives all weight to the word that is meant, but for the day.

    The words of the source are 3, May, 1979 and the end.
    """
    links = (np.array([[6, 10, 0, 4], [2, 5, 5, 7], [0, 1, 8, 10]]),)
    pair = Texts(("3 May 1979",), np.array(["1979-05-03"], object), links=links)
    made = paired(tokens="character")
    encoded = made.fit(pair)
    at = {"19": 2, "79": 2, "1979": 2, "05": 1, "03": 3}
    weights = np.eye(4)[[at.get(unit, 0) for unit in units]]
    outcome = TokensOutcome(
        true="1979-05-03", predicted="1979-05-03" if right else "1979-05-04", units=tuple(units)
    )
    return made, Inference(pair, encoded, [], {"weights": [weights]}), outcome


@pytest.mark.parametrize("year", [["1979"], ["19", "79"]])
def test_localisation_is_of_the_links_of_right_predictions(year: list[str]) -> None:
    units = [*year, "-", "05", "-", "03", "[END]"]
    made, seen, outcome = dated(True, units=units)
    # The parts of the year and the month find their word first. The day gives its own no weight,
    # as it gives two others none: of three words of equal weight after one, 1 of 4 is precise.
    rows = len(year) + 2
    assert made.localisation(seen, lambda n: outcome) == {
        "localisation_ap": pytest.approx((rows - 1 + 0.25) / rows),
        "localisation_chance": 0.25,
    }
    made, seen, outcome = dated(False, units=units)
    assert made.localisation(seen, lambda n: outcome) == {}


def test_a_model_without_attention_has_no_localisation() -> None:
    made, seen, outcome = dated(True, units=["1979-05-03", "[END]"])
    seen.maps["weights"][0][:] = 0
    assert made.localisation(seen, lambda n: outcome) == {}


def test_a_case_is_drawn_with_its_true_links() -> None:
    units = ["1979", "-", "05", "-", "03", "[END]"]
    made, seen, outcome = dated(True, units=units)
    view = made.view(seen, 0, outcome)
    assert (view.source, view.target) == (["3", "May", "1979", "[END]"], tuple(units))
    assert view.truth is not None
    links = {(units[q], view.source[k]) for q, k in np.argwhere(view.truth).tolist()}
    assert links == {("1979", "1979"), ("05", "May"), ("03", "3")}
    assert view.warning == ""
    made, seen, outcome = dated(False, units=units)
    assert made.view(seen, 0, outcome).truth is None


def test_a_case_to_doubt_has_a_warning() -> None:
    made, _, _ = fitted()
    texts = made.take(["Der Hund schläft.", "\u05d0\u05d1", "A dog sleeps."])
    encoded = made.encode(texts)
    maps = {"weights": [np.ones((1, len(each))) for each in encoded.word_spans]}
    seen = Inference(texts, encoded, [], maps)
    outcome = TokensOutcome(true=None, predicted="x", units=("x",))
    assert [made.view(seen, n, outcome).warning for n in range(3)] == [
        "the text looks like the language to translate to: was it swapped?",
        "no word of the text is in the vocabulary: this is a guess",
        "",
    ]
