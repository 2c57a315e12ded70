"""Settings that hold for every test."""

from __future__ import annotations

import logging
import os

import pytest

# Tiny models gain nothing from threads, and waiting threads cost much when the machine is busy.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from hypothesis import settings

# A busy machine is slow, not wrong: no example fails for the time it took.
settings.register_profile("asrcompress", deadline=None)
settings.load_profile("asrcompress")


@pytest.fixture
def caplog(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """Pytest's own, which sees warnings even after a library in this process has raised the level
    of every handler to that of errors, as one of those that the tests load does.
    """
    caplog.handler.setLevel(logging.NOTSET)
    return caplog
