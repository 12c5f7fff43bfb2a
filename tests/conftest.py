"""One thread for every test: the models are tiny, and a busy machine then only costs its share."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
