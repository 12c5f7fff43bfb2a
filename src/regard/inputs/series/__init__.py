"""Series of numbers as cases: read, drawn at random, scaled."""

__all__: list[str] = []
