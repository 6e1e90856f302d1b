"""One thread a test process: several run side by side, and tiny matrices gain nothing from more."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
