"""From what the user calls MODEL to a loaded module: find it, read it safely, prove it."""

from asrcompress.core.checkpoint.into import load_into
from asrcompress.core.checkpoint.load import LoadedModel, load
from asrcompress.core.checkpoint.locate import Checkpoint, locate
from asrcompress.core.checkpoint.probe import agrees, probe
from asrcompress.core.checkpoint.quiet import quiet_transformers

__all__ = [
    "Checkpoint",
    "LoadedModel",
    "agrees",
    "load",
    "load_into",
    "locate",
    "probe",
    "quiet_transformers",
]
