"""One thread for each test process, and what is not collected where a package is missing."""

import os
from importlib.util import find_spec

# Before NumPy and torch are imported: the processes share the cores already.
os.environ.setdefault("OMP_NUM_THREADS", "1")

collect_ignore = [] if find_spec("triton") else ["src/regard/attention/kernels/_triton.py"]
