"""The input `music`: pieces as events on a grid of steps."""

__all__: list[str] = []
