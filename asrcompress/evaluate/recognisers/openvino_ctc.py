"""CTC models as graphs of OpenVINO, decoded greedily."""

from __future__ import annotations

from asrcompress.core.checkpoint import Checkpoint
from asrcompress.evaluate.recogniser import Recogniser, RecogniserOptions
from asrcompress.evaluate.recognisers._graph_ctc import open_ctc


def accepts(checkpoint: Checkpoint) -> bool:
    """True for artefacts whose manifest names this runtime."""
    return checkpoint.runtime == "openvino"


def open(checkpoint: Checkpoint, options: RecogniserOptions) -> Recogniser:
    """The opened graph; for errors see `open_ctc`."""
    return open_ctc(checkpoint, options)
