"""What is not collected where a package is missing."""

from importlib.util import find_spec

collect_ignore = [] if find_spec("triton") else ["src/regard/attention/kernels/_triton.py"]
