"""The special tokens, the same in every vocabulary."""

__all__ = ["BEGIN", "END", "PADDING", "SPECIAL", "UNKNOWN"]

PADDING = 0
"""Id of "[PAD]", which fills a batch."""

UNKNOWN = 1
"""Id of "[UNK]", for what is not in the vocabulary."""

BEGIN = 2
"""Id of "[BEGIN]", from which a decoder starts."""

END = 3
"""Id of "[END]", at which a decoder stops."""

SPECIAL = ["[PAD]", "[UNK]", "[BEGIN]", "[END]"]
"""The special tokens by id."""
