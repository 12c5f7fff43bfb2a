"""Texts as cases: read, divided into words, tokenised."""

__all__: list[str] = []
