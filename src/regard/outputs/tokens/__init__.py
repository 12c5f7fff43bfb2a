"""Tokens: outputs with a sequence of tokens for each case."""

__all__: list[str] = []
