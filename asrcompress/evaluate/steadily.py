"""A meter that has to be read now and then, whoever else reads it."""

from __future__ import annotations

import threading
import time
import weakref
from contextlib import suppress

from asrcompress.core.errors import InputError


class Steadily:
    """Calls its `joules` every `period_s`, for as long as somebody holds it."""

    def __init__(self, period_s: float) -> None:
        threading.Thread(
            target=_keep_reading, args=(weakref.ref(self), period_s), daemon=True
        ).start()

    def joules(self) -> float:
        raise NotImplementedError


def _keep_reading(reference: weakref.ref[Steadily], period_s: float) -> None:
    while True:
        time.sleep(period_s)
        meter = reference()
        if meter is None:
            return
        with suppress(InputError):  # who reads it in earnest meets the error
            meter.joules()
        del meter
