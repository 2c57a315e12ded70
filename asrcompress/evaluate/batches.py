"""Which utterances are recognised together: one plan from durations alone, for every model.

Padding a recording to the longest of its batch changes the output of many models. Those are
recognised one recording at a time, and the result says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from asrcompress.core.errors import InputError

if TYPE_CHECKING:
    from asrcompress.core.checkpoint import LoadedModel

# Raw-waveform encoders that zero the padded frames before the one positional convolution and mask
# them in every attention: modeling_*.py of transformers 5.23, `Encoder.forward`.
_MASKING_TYPES = frozenset({"wav2vec2", "hubert", "wavlm", "unispeech", "unispeech-sat"})
# Spectrogram encoders that mask padding in every attention and before every convolution that
# would hear it (`...ConvolutionModule` of modeling_wav2vec2_bert.py, modeling_parakeet.py and
# modeling_lasr.py), and whose features leave padding out. Not granite_speech5_ctc: the last frame
# of its spectrogram mirrors the samples before it, or hears the padding.
_MASKING_SPECTROGRAM_TYPES = frozenset({"wav2vec2-bert", "parakeet_ctc", "lasr_ctc"})
# Each recording fills a window of its own, whatever is beside it: nothing is padded to a batch.
_WINDOW_TYPES = frozenset({"whisper"})


class Batching(NamedTuple):
    """How many recordings a model may take at once, and why not more."""

    batch_size: int
    note: str | None = None


@dataclass(frozen=True, slots=True)
class BatchPlan:
    """At most `batch_size` recordings, and at most `max_batch_s` seconds with the padding."""

    batch_size: int = 8
    max_batch_s: float = 60.0

    def __post_init__(self) -> None:
        if self.batch_size < 1 or not self.max_batch_s > 0:
            raise InputError(
                "bad batch plan",
                got=f"{self.batch_size} recordings, {self.max_batch_s} s",
                expected="at least 1 recording and more than 0 s",
            )

    @property
    def name(self) -> str:
        """What results store: equal names mean equal batches of the same corpus."""
        if self.batch_size == 1:
            return "longest-first-1"
        return f"longest-first-{self.batch_size}x{self.max_batch_s:g}s"

    def batches(self, durations_s: Sequence[float]) -> tuple[tuple[int, ...], ...]:
        """Indices into `durations_s` (seconds), longest first, ties in the corpus's order.

        The longest batch comes first so that a lack of memory shows at once. A recording longer
        than `max_batch_s` is a batch of its own.
        """
        order = sorted(range(len(durations_s)), key=lambda index: -durations_s[index])
        batches: list[tuple[int, ...]] = []
        current: list[int] = []
        for index in order:
            longest_s = durations_s[current[0]] if current else durations_s[index]
            is_full = len(current) == self.batch_size
            if current and (is_full or longest_s * (len(current) + 1) > self.max_batch_s):
                batches.append(tuple(current))
                current = []
            current.append(index)
        return (*batches, tuple(current)) if current else ()


def batching_of(loaded: LoadedModel, batch_size: int = 8) -> Batching:
    """`batch_size` where padding should be harmless by the architecture, else 1 with the reason.

    A recogniser that can look at its logits checks it with a padded batch as well.
    """
    note = _why_not(loaded.config, loaded.processor)
    return Batching(batch_size) if note is None else Batching(1, note)


def common_batching(batchings: Sequence[Batching]) -> Batching:
    """The batching that all models of a comparison can take: the smallest of them."""
    return min(batchings, key=lambda batching: batching.batch_size)


def _why_not(config: Any, processor: Any) -> str | None:
    """Why padding would change this model's output; None where it does not."""
    kind = getattr(config, "model_type", "unknown")
    if kind in _WINDOW_TYPES:
        return None
    if kind == "moonshine":
        return "batch 1: moonshine's group norm over time takes padding into account"
    if kind not in _MASKING_TYPES | _MASKING_SPECTROGRAM_TYPES:
        return f"batch 1: padding is not known to be harmless for {kind}"
    if kind in _MASKING_TYPES and config.feat_extract_norm != "layer":
        return f"batch 1: {kind} with group norm over time takes padding into account"
    extractor = getattr(processor, "feature_extractor", processor)
    if not getattr(extractor, "return_attention_mask", False):
        return "batch 1: the processor gives no attention mask"
    if getattr(extractor, "padding_side", "right") != "right":
        return "batch 1: the processor pads on the left"
    if getattr(config, "conv_pos_batch_norm", False):
        return f"batch 1: {kind} with batch norm in its positional convolution moves padding from 0"
    if getattr(config, "add_adapter", False):
        return f"batch 1: the strided adapter of {kind} reads padded frames"
    return None
