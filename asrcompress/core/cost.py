"""What a model costs: bytes, seconds and memory, units in the names."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from asrcompress.core.bounds import Count


class Sizes(BaseModel):
    """Bytes of a model in its three forms.

    memory_bytes: the state dict as loaded. disk_bytes: all files needed to load it.
    zipped_bytes: the weight file(s) deflated (level 6), the papers' "Mem. zip". None where not
    measured: all three where only a model's hypotheses are known.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    memory_bytes: Count | None = None
    disk_bytes: Count | None = None
    zipped_bytes: Count | None = None


class Cost(BaseModel):
    """Time and memory, measured in a fresh process of its own with the files already read.

    rtfx = audio_s / processing_s (feature extraction + inference + decoding, after warm-up).
    Peak memory is the process's resident set on CPU, the allocator's maximum on CUDA.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    device: str
    threads: int
    batch_size: int
    audio_s: float
    processing_s: float
    load_s: float
    memory_after_load_bytes: int
    peak_memory_bytes: int

    @property
    def rtfx(self) -> float | None:
        """Audio seconds / processing seconds; None where no time was measured."""
        return self.audio_s / self.processing_s if self.processing_s > 0 else None
