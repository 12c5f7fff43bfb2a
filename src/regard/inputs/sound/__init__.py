"""Recordings: readers, features, pictures that can be heard."""

__all__: list[str] = []
