"""The command line: parse arguments, call the public API, print an error as one line.

A module for each group of commands. None imports torch or NumPy before a command runs.
"""

from regard.cli.commands import app, main

__all__ = ["app", "main"]
