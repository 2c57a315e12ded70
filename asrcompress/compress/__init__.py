"""Compressing a checkpoint: methods in their order, a ledger, and proof that it reloads.

`run(CompressRequest(...))` writes an artefact. A new method is one new file in `methods/`.
"""

from asrcompress.compress.plan import default_output, label_of, options, steps_from
from asrcompress.compress.request import CompressRequest
from asrcompress.compress.run import run

CODE_VERSION = 1  # raised when the same request gives other weights; part of cache keys

__all__ = [
    "CODE_VERSION",
    "CompressRequest",
    "default_output",
    "label_of",
    "options",
    "run",
    "steps_from",
]
