"""Texts: reading, tokenising, encoding and drawing."""

__all__: list[str] = []
