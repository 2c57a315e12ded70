"""Words for results that several formats print."""

from __future__ import annotations

from asrcompress.core.evaluation import Decoding
from asrcompress.report.wording import decoding_words


def test_decoding_names_what_is_unusual() -> None:
    """Another type than float32 and compiled kernels are said; the usual ones are not."""
    usual = Decoding(recogniser="torch_ctc", device="cpu", threads=2, batch_plan="p")
    assert decoding_words(usual) == "torch_ctc, greedy, cpu, 2 threads, p"
    other = usual.model_copy(update={"dtype": "bfloat16", "compiled": True})
    assert decoding_words(other) == "torch_ctc, greedy, cpu, 2 threads, bfloat16, compiled, p"


def test_results_from_before_dtypes() -> None:
    """Their decodings have neither field: they were made in float32, not compiled."""
    stored = '{"recogniser": "torch_ctc", "device": "cpu", "threads": 1, "batch_plan": "p"}'
    decoding = Decoding.model_validate_json(stored)
    assert (decoding.dtype, decoding.compiled) == ("float32", False)
