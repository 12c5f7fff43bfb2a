"""Vocabularies: from texts to tokens and back."""

from regard.tokens.beyond import number_beyond, texts_beyond
from regard.tokens.dropout import SubwordDropout
from regard.tokens.edits import Edits, align_sequences, count_edits
from regard.tokens.hiding import renumber
from regard.tokens.saved import VocabularyKind
from regard.tokens.special import BEGIN, END, PADDING, UNKNOWN
from regard.tokens.vocabulary import Tokens, Vocabulary

__all__ = [
    "BEGIN",
    "END",
    "PADDING",
    "UNKNOWN",
    "Edits",
    "SubwordDropout",
    "Tokens",
    "Vocabulary",
    "VocabularyKind",
    "align_sequences",
    "count_edits",
    "number_beyond",
    "renumber",
    "texts_beyond",
]
