"""asrcompress: may I ship the compressed speech recogniser?

The functions here mirror the commands: `compress`, `corrupt`, `evaluate`, `rescore`,
`audit`, `gate`, `doctor`, and `load`.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from asrcompress.api import audit, compress, corrupt, doctor, evaluate, gate, load, rescore
from asrcompress.core.errors import AsrcompressError

__all__ = [
    "AsrcompressError",
    "audit",
    "compress",
    "corrupt",
    "doctor",
    "evaluate",
    "gate",
    "load",
    "rescore",
]


class _Package(ModuleType):
    """Keeps the functions when the rooms of the same names are imported.

    Importing `asrcompress.compress` would otherwise put the room in the function's place.
    """

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in __all__ and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
