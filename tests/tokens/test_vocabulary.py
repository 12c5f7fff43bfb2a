from typing import get_args

import pytest

from regard.tokens import Vocabulary, VocabularyKind

KINDS: tuple[VocabularyKind, ...] = get_args(VocabularyKind)


@pytest.mark.parametrize("kind", KINDS)
def test_decoding_gives_the_text_back(kind: VocabularyKind) -> None:
    text = "A dog runs. \"Don't!\" (it's L'Été, 3rd \u2581 of 1,000)"
    vocabulary = Vocabulary.train([text], kind=kind)
    tokens = vocabulary.encode([text])[0]
    assert vocabulary.decode(tokens.ids) == text
