"""Settings that hold for every test."""

from __future__ import annotations

from hypothesis import settings

# A busy machine is slow, not wrong: no example fails for the time it took.
settings.register_profile("asrcompress", deadline=None)
settings.load_profile("asrcompress")
