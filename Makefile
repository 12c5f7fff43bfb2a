# Everything is installed into .venv by the target that needs it; only Python 3.11 and make are assumed.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
PIP := .venv/bin/python -m pip --disable-pip-version-check install --quiet --no-compile -c constraints.txt

# Bytecode is compiled where a module is first imported, and kept for the processes that follow.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo test types pytest bench harden format clean

demo: .venv/installed
	.venv/bin/regard train examples/sine.json --out runs/sine --overwrite
	.venv/bin/regard audit runs/sine

test: .venv/installed-dev
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	$(MAKE) --jobs=2 --no-print-directory types pytest

types: .venv/installed-dev
	.venv/bin/mypy

# As many processes as cores, with one thread each: more threads than cores wait for each other.
# Files in their own order: those of few but long tests would be the last otherwise.
pytest: .venv/installed-dev
	OMP_NUM_THREADS=1 .venv/bin/pytest -n auto --dist loadfile --no-loadscope-reorder

bench: .venv/installed-bench
	.venv/bin/python -m benchmarks

# What docs/reliability.md promises, at length.
harden: .venv/installed-dev
	.venv/bin/python -m benchmarks harden

format: .venv/installed-dev
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/installed: pyproject.toml constraints.txt | .venv/bin/python
	$(PIP) -e .
	touch $@

.venv/installed-%: pyproject.toml constraints.txt | .venv/bin/python
	$(PIP) -e ".[$*]"
	touch $@ .venv/installed

clean:
	rm -rf .venv runs
