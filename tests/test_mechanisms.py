"""The catalogue says what is there, and by the same names everywhere."""

import inspect
from itertools import product
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest

import regard.attention
from commands import Regard
from regard.catalogue import ALIGNMENTS, AROUND, AUTHORS, SCORES, WINDOWS, find_mechanism, why_not
from regard.config import AttentionConfig, resolve_config
from regard.errors import ConfigError
from regard.jobs import example_series, example_weights
from regard.models import make_attentions
from regard.registry import load

FAMILIES = {"score": SCORES, "window": WINDOWS, "align": ALIGNMENTS, "around": AROUND}
ALL = [mechanism for family in FAMILIES.values() for mechanism in family.values()]
SIZES = {"heads": 1, "state_dim": 3, "attention_dim": 5, "positions": 7}


def _ids(value: object) -> str:
    return getattr(value, "name", str(value))


def test_the_catalogue_the_models_and_the_configuration_know_the_same_names() -> None:
    defaults = {"score": "additive", "window": "global", "align": "softmax"}
    for field, family in (("score", SCORES), ("window", WINDOWS), ("align", ALIGNMENTS)):
        for name, row in family.items():
            assert (row.name, row.family) == (name, field)
            resolved = AttentionConfig.model_validate(name).model_dump()
            found = {**resolved, "window": next(iter(resolved["window"]))}
            del found["query"]
            assert found == {**defaults, field: name}
            assert len(make_attentions(resolved, **SIZES)[0]) == 1
    for field, family in (("score", SCORES), ("align", ALIGNMENTS)):
        with pytest.raises(ValueError, match=f"is not one of {', '.join(family)} "):
            AttentionConfig.model_validate({field: "?"})


@pytest.mark.parametrize("mechanism", ALL, ids=_ids)
def test_each_is_in_python_where_the_catalogue_says(mechanism: regard.catalogue.Mechanism) -> None:
    made = load(mechanism.make)
    assert getattr(regard.attention, made.__name__) is made
    if mechanism.call:
        assert mechanism.call.startswith(f"{made.__name__}(")
    said = inspect.getdoc(made) or ""
    assert find_mechanism(mechanism.name) == mechanism
    # its docstring names the same first author as the catalogue
    author = mechanism.source.removeprefix("after ").replace(",", " ").split()[0]
    if mechanism.name not in ("softmax", "global", "gumbel", "grouped-query", "rotary"):
        assert author in said


@pytest.mark.parametrize("mechanism", ALL, ids=_ids)
def test_the_weights_of_each_on_the_example(mechanism: regard.catalogue.Mechanism) -> None:
    weights = example_weights(mechanism.name)
    H, Q, K = weights.shape
    assert (2 if mechanism.name in ("multi-head", "grouped-query", "rotary") else 1) == H
    assert Q * K in (18 * 18, 18)
    assert (weights >= 0).all()
    assert (weights.sum(-1) < 1 + 1e-6).all()
    if mechanism.name not in ("local-p", "monotonic"):
        np.testing.assert_allclose(weights.sum(-1), 1, rtol=1e-5)


def test_the_example_is_what_is_said_of_it() -> None:
    series = example_series()
    assert len(series) == 18
    still = np.flatnonzero(np.diff(series) == 0)
    assert still.tolist() == [8, 9, 10, 11]


def test_the_reasons_of_the_catalogue_are_those_of_the_modules() -> None:
    """What the configuration refuses, the modules refuse, and nothing else."""
    for score, window, align, query in product(SCORES, WINDOWS, ALIGNMENTS, ("learned", "states")):
        table = {
            "score": score,
            "window": {window: dict(WINDOWS[window].options)},
            "align": align,
            "query": query,
        }
        reason = why_not(score, {window: {}}, align, query=query, pooling="attention")
        try:
            attentions, query_dim = make_attentions(table, **SIZES)
            if query == "learned":
                regard.attention.AttentionPooling(attentions, query_dim)
        except ConfigError:
            assert reason is not None, table
        else:
            assert reason is None, table


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ({"attention": "local-p"}, ("additive", "local-p", "softmax", "states", "attention", 1)),
        ({"attention": "dot"}, ("dot", "global", "softmax", "learned", "conjunctive", 1)),
        ({"attention": "hard"}, ("additive", "global", "hard", "learned", "attention", 1)),
        ({"attention": "coverage"}, ("coverage", "global", "softmax", "states", "attention", 1)),
        (
            {"attention": {"score": "general", "align": "entmax15", "heads": 3}},
            ("general", "global", "entmax15", "learned", "attention", 3),
        ),
        (  # those of the table go before those beside it
            {"attention": {"score": "dot", "heads": 3}, "heads": 2},
            ("dot", "global", "softmax", "learned", "conjunctive", 3),
        ),
        (
            {"attention": {"query": "states"}, "heads": 2},
            ("additive", "global", "softmax", "states", "attention", 2),
        ),
    ],
)
def test_a_name_or_a_table_is_resolved(
    model: dict[str, object], expected: tuple[object, ...]
) -> None:
    resolved = resolve_config({"data": {"kind": "sine"}, "model": model}).model
    table = resolved.attention
    (window,) = table.window
    assert expected == (
        table.score,
        window,
        table.align,
        table.query,
        resolved.pooling,
        resolved.heads,
    )


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        ("local-m", {"local-m": {"radius": 10}}),
        ({"local-p": 3}, {"local-p": {"radius": 3, "renormalise": False}}),
        (
            {"local-p": {"renormalise": True}},
            {"local-p": {"radius": 10, "renormalise": True}},
        ),
        ({"causal": {}, "alibi": {}}, {"causal": {}, "alibi": {}}),
    ],
)
def test_windows_are_resolved(window: object, expected: object) -> None:
    assert AttentionConfig.model_validate({"window": window}).window == expected


@pytest.mark.parametrize(
    ("attention", "expected"),
    [
        ("aditive", "model.attention: 'aditive' is not known; did you mean 'additive'?"),
        (
            "multi-head",
            "model.attention: 'multi-head' is the name of a layer: in Python, regard.attention's "
            "MultiHead(heads, query_dim)",
        ),
        (3, "model.attention: wanted an object, not 3"),
        ({"scor": "dot"}, "model.attention.scor: unknown key; did you mean 'score'?"),
        ({"window": "locale"}, "'locale' is not a window; did you mean 'local-p'?"),
        ({"window": 3}, 'wanted a name, or a table such as {"local-p": 10}, not 3'),
        ({"window": {"causal": 3}}, "causal: wanted an empty table, not 3"),
        ({"window": {"local-p": "far"}}, "local-p: wanted a number, its radius, not 'far'"),
        (
            {"window": {"local-m": 0}},
            "local-m.radius: wanted a whole number from 1 to 1,000",
        ),
        (
            {"window": {"local-p": {"radius": True}}},
            "local-p.radius: wanted a whole number from 1 to 1,000,000, not true",
        ),
        (
            {"window": {"local-p": {"renormalise": 1}}},
            "local-p.renormalise: wanted true or false, not 1",
        ),
        ({"window": {"sliding": {"width": 3}}}, "sliding: unknown option 'width'"),
        (
            {"window": {"sliding": 2.5}},
            "sliding.size: wanted a whole number from 1 to 1,000",
        ),
        ({"window": {"local-p": float("nan")}}, "local-p.radius: wanted a whole number from 1"),
        ({"window": ["causal"]}, "wanted a name, or a table such as"),
        ({"score": ["dot"]}, 'model.attention.score: ["dot"] is not one of additive'),
        ({"score": "dto"}, 'model.attention.score: "dto" is not one of additive'),
        (
            {"window": "causal", "query": "learned"},
            "model.attention: causal depends on the order of the queries, and a learned query has "
            "no position; set query to states",
        ),
        (
            {"align": "monotonic", "window": "local-m"},
            "model.attention: monotonic chooses itself which keys it sees; leave out the window "
            "local-m",
        ),
        (
            {"align": "monotonic", "score": "coverage"},
            "model.attention: monotonic looks at one key at a time and coverage needs the weights",
        ),
        (
            {"align": "gumbel", "window": "local-p"},
            "model.attention: gumbel looks at one position, which the Gaussian of local-p",
        ),
    ],
)
def test_a_wrong_attention_is_one_clear_line(attention: object, expected: str) -> None:
    content = {"data": {"kind": "sine"}, "model": {"attention": attention}}
    with pytest.raises(ConfigError) as error:
        resolve_config(content, source="x.json")
    assert expected in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (
            {"attention": "hard", "pooling": "conjunctive"},
            "model.pooling: conjunctive pooling gates every state by itself, so that hard has no "
            "meaning; set pooling to attention",
        ),
        (
            {"attention": {"query": "states"}, "pooling": "conjunctive"},
            "model.pooling: conjunctive pooling gates every state by itself, so that a query from "
            "the states has no meaning; set pooling to attention",
        ),
    ],
)
def test_what_does_not_go_together_is_said(model: object, expected: str) -> None:
    with pytest.raises(ConfigError) as error:
        resolve_config({"data": {"kind": "sine"}, "model": model})
    assert expected in str(error.value)


def test_mechanisms_lists_all_with_formula_and_paper(regard: Regard) -> None:
    assert regard("mechanisms") == 0
    for mechanism in ALL:
        assert mechanism.formula in regard.out
        assert mechanism.source in regard.out


@pytest.mark.parametrize("name", ["local-p", "hard", "grouped-query", "pooling"])
def test_mechanisms_shows_one_with_its_weights(regard: Regard, tmp_path: Path, name: str) -> None:
    picture = tmp_path / "weights.png"
    assert regard("mechanisms", name, "--out", picture) == 0
    mechanism = find_mechanism(name)
    assert mechanism is not None
    assert mechanism.formula in regard.out
    assert mechanism.use in regard.out
    assert matplotlib.image.imread(picture).std() > 0.02
    weights = example_weights(name)
    for i in range(weights.shape[1]):
        line = next(line for line in regard.out.splitlines() if line.startswith(f"{i:2} |"))
        cells = line.partition("|")[2].replace("|  |", "").rstrip("|")[::2]
        # blank is exactly zero, the darkest the highest of its row
        assert [cell == " " for cell in cells] == (weights[:, i].ravel() == 0).tolist()
        top = weights[0, i].max()
        assert {cells[j] for j in np.flatnonzero(weights[0, i] == top) if top} <= {"█"}


def test_the_line_that_is_offered_for_a_configuration_is_right(regard: Regard) -> None:
    for name in [*SCORES, *WINDOWS, *ALIGNMENTS]:
        assert regard("mechanisms", name) == 0
        line = next(x for x in regard.out.splitlines() if x.startswith("in a configuration: "))
        table = AttentionConfig.model_validate_json(line.partition('attention": ')[2][:-1])
        assert table == AttentionConfig.model_validate(name)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["local-q"], "'local-q' is not a mechanism; did you mean 'local-p'?"),
        (["--out", "x.png"], "--out: name the one mechanism to draw"),
        (["dot", "--out", "x.gif"], "x.gif: wanted a name that ends in .png or .svg"),
    ],
)
def test_a_wrong_mechanism(regard: Regard, words: list[str], expected: str) -> None:
    assert expected in regard.fails("mechanisms", *words)


def test_a_mechanism_is_found_by_its_author(regard: Regard) -> None:
    for author, name in AUTHORS.items():
        found = find_mechanism(author)
        assert found is not None
        assert found == find_mechanism(name)
        assert author in found.source.lower()
    assert regard("mechanisms", "Bahdanau") == 0
    assert regard.out.startswith("additive: v . tanh(W_q q + W_k k)\n")
    assert '{"attention": {"score": "additive"}}' in regard.out
    assert regard("mechanisms", "badanau") == 2
    assert regard.err.endswith("did you mean 'bahdanau'?\n")


def test_authors_in_a_configuration_become_names() -> None:
    for given, name in (("vaswani", "scaled-dot"), ("raffel", "monotonic"), ("press", "alibi")):
        assert AttentionConfig.model_validate(given) == AttentionConfig.model_validate(name)
    table = {"score": "luong", "align": "martins", "window": "beltagy"}
    names = {"score": "general", "align": "sparsemax", "window": "sliding"}
    assert AttentionConfig.model_validate(table) == AttentionConfig.model_validate(names)
    with pytest.raises(ValueError, match="did you mean 'bahdanau'"):
        AttentionConfig.model_validate("bahdanua")
    with pytest.raises(ValueError, match="'yang' is the name of a layer"):
        AttentionConfig.model_validate("yang")


def test_all_of_an_author(regard: Regard) -> None:
    assert regard("mechanisms", "Luong") == 0
    luong = "concat, dot, location, global, local-m, local-p, last-state"
    assert f"\nalso by Luong: {luong}\n" in regard.out
    assert regard("mechanisms", "bahdanau", "tu") == 0
    assert regard.out.startswith("additive: ")
    assert "\n\ncoverage: " in regard.out
    assert regard("mechanisms", "dot") == 0
    assert "also by" not in regard.out
    refused = regard.fails("mechanisms", "dot", "hard", "--out", "x.png")
    assert "--out: name the one mechanism to draw" in refused


def test_an_author_in_the_field_of_another_family() -> None:
    with pytest.raises(ValueError, match="window: by luong are global, local-m, local-p; choose"):
        AttentionConfig.model_validate({"window": "luong"})
    assert AttentionConfig.model_validate({"align": "bahdanau"}).align == "softmax"
