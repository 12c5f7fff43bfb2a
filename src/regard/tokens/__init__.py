"""Vocabularies: from texts to tokens and back."""

from regard.tokens.vocabulary import (
    BEGIN,
    END,
    PADDING,
    UNKNOWN,
    Tokens,
    Vocabulary,
    VocabularyKind,
)

__all__ = ["BEGIN", "END", "PADDING", "UNKNOWN", "Tokens", "Vocabulary", "VocabularyKind"]
