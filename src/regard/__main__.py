"""`python -m regard` is `regard`."""

from regard.cli import main

__all__: list[str] = []

if __name__ == "__main__":
    main()
