"""Nothing but vocabulary, merges and lowercasing is taken from the JSON of a tokenizer."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from regard.errors import ConfigError
from regard.inputs.text.tokenizer import Tokenizer

GROWS = {"type": "Replace", "pattern": {"String": "a"}, "content": "aa" * 999}
SLOW = {"Regex": "(a+)+$"}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda c: c["pre_tokenizer"].update(pattern=SLOW), "pre_tokenizer.pattern.Regex"),
        (lambda c: c.update(pre_tokenizer=None), "pre_tokenizer"),
        (lambda c: c["normalizer"].update(normalizers=[GROWS] * 9), "normalizer.normalizers"),
        (lambda c: c["normalizer"]["normalizers"].append(GROWS), "normalizer.normalizers"),
        (lambda c: c.update(decoder=GROWS), "decoder"),
        (lambda c: c.update(post_processor={"type": "BertProcessing"}), "post_processor"),
        (lambda c: c.update(added_tokens=[{"id": 0, "content": "a"}]), "added_tokens"),
        (lambda c: c.update(truncation={"max_length": 1}), "truncation"),
        (lambda c: c.update(padding={"strategy": {"Fixed": 10**9}}), "padding"),
        (lambda c: c["model"].update(max_input_chars_per_word=10**9), "model.max_input_chars"),
        (lambda c: c["model"].update(more=1), "model.more"),
    ],
)
def test_other_parts_are_refused(change: Callable[[Any], Any], field: str) -> None:
    content = json.loads(Tokenizer.train(["a fine day"], kind="wordpiece").to_json())
    change(content)
    with pytest.raises(ConfigError, match=f"^tokenizer: its {field}.* is not what a run folder"):
        Tokenizer.from_json(json.dumps(content))


@pytest.mark.parametrize("lowercase", [True, False])
def test_lowercasing_is_kept(lowercase: bool) -> None:
    text = Tokenizer.train(["A fine Day"], lowercase=lowercase).to_json()
    again = Tokenizer.from_json(text)
    assert again.to_json() == text
    assert ("Day" in again.tokens) is not lowercase
