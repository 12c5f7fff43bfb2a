"""Series of numbers: readers, synthetic data, scaling, pictures."""

__all__: list[str] = []
