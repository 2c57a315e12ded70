"""Gates: rules that results are held against, and the verdict with its exit code."""

from asrcompress.audit.gates.check import LoadedGates, check
from asrcompress.audit.gates.gates import Gates
from asrcompress.audit.gates.places import Expected
from asrcompress.audit.gates.text import load_gate_file

__all__ = ["Expected", "Gates", "LoadedGates", "check", "load_gate_file"]
