"""Importing a runtime's packages, which are extras, without letting them tell anybody of it."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType

from asrcompress.core.errors import ModelError

# What openvino and nncf would report each use through. None in its place makes its import fail,
# and both go on without it.
_REPORTING = "openvino_telemetry"


def needed(package: str, *, extra: str) -> ModuleType:
    """The package, imported.

    Raises:
        ModelError: it is not installed, or cannot be used here.
    """
    if _REPORTING not in sys.modules:
        sys.modules[_REPORTING] = None  # type: ignore[assignment]
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise ModelError(
            f"the runtime {extra} is not installed",
            got=f"{type(error).__name__}: {str(error)[:200]}",
            next_step=f"pip install 'asrcompress[{extra}]'",
        ) from None
