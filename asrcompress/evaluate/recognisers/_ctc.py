"""Greedy CTC decoding, whatever computes the logits: batches, chunks, padding, texts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from asrcompress.core.checkpoint import quiet_transformers
from asrcompress.evaluate.batches import Batching, batching_of
from asrcompress.evaluate.recognisers._frames import (
    frames_of,
    frames_together,
    samples_per_frame,
    shortest_input,
)
from asrcompress.evaluate.recognisers._loaded import Loaded
from asrcompress.evaluate.recording import Recording, Windows, mean_and_variance

if TYPE_CHECKING:
    import torch

    from asrcompress.core.audio import Samples

# The longest utterance of LibriSpeech's test sets lasts 35 s: the usual sets are decoded whole.
_CHUNK_S = 40.0
_CONTEXT = 1 / 8  # of a chunk, heard on each side of what is kept: 5 of 40 s
# Float rounding moves logits by 1e-6 to 1e-5 of the largest; padding that leaks, by 1e-2 and more.
_ROUNDING = 1e-3
_CHECKED_S = (2.0, 1.0)  # the recordings of the check: the shorter one is padded by half
_VARIANCE_FLOOR = 1e-7  # zero_mean_unit_var_norm of transformers' feature extractors


@dataclass(frozen=True)
class CtcRecogniser(Loaded, ABC):
    """A CTC model whose logits a subclass computes.

    `loaded.model` needs no values: its configuration and its formula of lengths are asked.
    """

    def batching(self, batch_size: int) -> Batching:
        """What the architecture allows, and what a batch with padding then shows."""
        found = batching_of(self.loaded, batch_size)
        if found.batch_size > 1 and self._padding_change > _ROUNDING:
            return Batching(1, f"batch 1: padding moved the logits by {self._padding_change:.1%}")
        return found

    def chunk_s(self, asked_s: float | None) -> float:
        return _CHUNK_S if asked_s is None else asked_s

    def transcribe(self, batch: Sequence[Samples]) -> list[str]:
        """The most probable token of each frame, repeats and blanks removed by the processor.

        A recording shorter than one frame is padded with zeros to one frame.
        """
        if not batch:
            return []
        return self._texts([row.argmax(dim=-1).tolist() for row in self._logits(batch)])

    def transcribe_long(self, recording: Recording, chunk_s: float) -> str:
        """As `transcribe`, chunk by chunk: each frame's token is that of the middle of a chunk.

        Chunks begin at multiples of the frame's samples, so that the frames of neighbours
        coincide, and what is kept of one begins where the one before ends. Samples are normalised
        by the whole recording's mean and variance; a spectrogram, by the chunk's.
        """
        stride = samples_per_frame(self.loaded)
        unit = frames_together(self.loaded)
        context = unit * round(chunk_s * _CONTEXT * self.sample_rate_hz / (unit * stride))
        step = unit * round(chunk_s * self.sample_rate_hz / (unit * stride)) - 2 * context
        scale = mean_and_variance(recording) if self._normalises_samples else None
        windows = Windows(recording)
        tokens: list[int] = []
        start = 0  # in frames
        while True:
            window = windows.at(start * stride, (step + 2 * context) * stride)
            (logits,) = self._logits([window.samples], scale)
            first = context if start else 0
            end = len(logits) if window.is_last else context + step
            tokens += logits[first:end].argmax(dim=-1).tolist()
            recording.heard(start * stride + len(window.samples))
            if window.is_last:
                return self._texts([tokens])[0]
            start += step

    def _logits(
        self, batch: Sequence[Samples], scale: tuple[float, float] | None = None
    ) -> list[torch.Tensor]:
        """For each recording (frames, tokens); `scale`: a mean and a variance known before."""
        with quiet_transformers():
            inputs = self._features(batch) if scale is None else self._scaled(batch, scale)
            logits = self._forward(inputs)
        lengths = frames_of(self.loaded.model, inputs, logits.shape[1])
        return [row[:length] for row, length in zip(logits, lengths, strict=True)]

    @abstractmethod
    def _forward(self, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
        """(batch, frames, tokens), float32 on the CPU, of what the processor gives."""

    def _features(self, batch: Sequence[Samples]) -> dict[str, torch.Tensor]:
        shortest = shortest_input(self.loaded)
        return dict(
            self.loaded.processor(
                audio=[_padded(samples, shortest) for samples in batch],
                sampling_rate=self.sample_rate_hz,
                padding="longest",
                return_tensors="pt",
            )
        )

    def _scaled(
        self, batch: Sequence[Samples], scale: tuple[float, float]
    ) -> dict[str, torch.Tensor]:
        """The one recording of a batch as the processor gives it, but for the scale."""
        import torch

        mean, variance = scale
        (samples,) = batch
        values = (samples - mean) / np.sqrt(variance + _VARIANCE_FLOOR)
        row = torch.from_numpy(_padded(values.astype(np.float32), shortest_input(self.loaded)))
        inputs = {"input_values": row[None]}
        if self.loaded.processor.feature_extractor.return_attention_mask:
            inputs["attention_mask"] = torch.ones(1, len(row), dtype=torch.int32)
        return inputs

    @property
    def _normalises_samples(self) -> bool:
        from transformers import Wav2Vec2FeatureExtractor

        extractor = self.loaded.processor.feature_extractor
        return type(extractor) is Wav2Vec2FeatureExtractor and bool(extractor.do_normalize)

    @cached_property
    def _padding_change(self) -> float:
        """How much padding moves a recording's logits, as a part of the largest of them."""
        from asrcompress.core.checkpoint.probe import pseudo_speech

        long, short = (
            pseudo_speech(self.sample_rate_hz, duration_s=seconds) for seconds in _CHECKED_S
        )
        alone = self._logits([short])[0]
        padded = self._logits([long, short])[1]
        if padded.shape != alone.shape:
            return float("inf")
        return float((padded - alone).abs().max() / alone.abs().max())

    def _texts(self, rows: list[list[int]]) -> list[str]:
        """Texts of token rows; a processor with a language model is asked for its tokenizer's.

        Models of word pieces say special tokens too, such as the end of an utterance: no words.
        """
        from transformers import PreTrainedTokenizerFast

        processor: Any = self.loaded.processor
        decoder = processor.tokenizer if hasattr(processor, "decoder") else processor
        of_pieces = isinstance(processor.tokenizer, PreTrainedTokenizerFast)
        texts = decoder.batch_decode(rows, skip_special_tokens=of_pieces)
        return [str(text) for text in texts]


def _padded(samples: Samples, shortest: int) -> Samples:
    missing = shortest - len(samples)
    return np.pad(samples, (0, missing)) if missing > 0 else samples
