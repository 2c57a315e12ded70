"""Settings that hold for every test."""

from __future__ import annotations

import os

# Tiny models gain nothing from threads, and waiting threads cost much when the machine is busy.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from hypothesis import settings

# A busy machine is slow, not wrong: no example fails for the time it took.
settings.register_profile("asrcompress", deadline=None)
settings.load_profile("asrcompress")
