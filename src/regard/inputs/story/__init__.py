"""The input `story`: sentences and a question about them."""

__all__: list[str] = []
