"""Compressing a checkpoint: methods in their order, a ledger, and proof that it reloads.

`run(CompressRequest(...))` writes an artefact. A new method is one new file in `methods/`.
"""

from asrcompress.compress.plan import (
    CompressOptions,
    default_output,
    options,
    options_by_group,
    read_options,
)
from asrcompress.compress.request import CompressRequest
from asrcompress.compress.run import run
from asrcompress.compress.scans import Scans

CODE_VERSION = 2  # raised when the same request gives other weights; part of cache keys

__all__ = [
    "CODE_VERSION",
    "CompressOptions",
    "CompressRequest",
    "Scans",
    "default_output",
    "options",
    "options_by_group",
    "read_options",
    "run",
]
