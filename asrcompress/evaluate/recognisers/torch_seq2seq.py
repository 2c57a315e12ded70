"""Encoder-decoder models of transformers (Whisper, Moonshine) in PyTorch, decoded greedily.

One beam, no sampling, no timestamps, and none of Whisper's fallbacks to a higher temperature: the
same audio gives the same text. What else the checkpoint's generation settings say is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np

from asrcompress.core.checkpoint import Checkpoint, LoadedModel, quiet_transformers
from asrcompress.core.errors import InputError
from asrcompress.core.registry import expected_one_of
from asrcompress.evaluate.batches import Batching, batching_of
from asrcompress.evaluate.recogniser import Recogniser, RecogniserOptions
from asrcompress.evaluate.recognisers._compiled import compile_blocks
from asrcompress.evaluate.recognisers._loaded import Loaded, loaded_with
from asrcompress.evaluate.recording import Recording, Windows
from asrcompress.evaluate.seams import joined, pause_in
from asrcompress.evaluate.torch_options import autocast, compiler_explained

if TYPE_CHECKING:
    from asrcompress.core.audio import Samples

_CHUNK_S = 30.0  # Whisper's window, and the longest recordings that Moonshine was trained on
_OVERLAP = 1 / 6  # of a chunk, heard twice where there is no pause to cut at: 5 of 30 s
_SHORTEST_S = 0.1  # Moonshine's three convolutions see 895 samples, 56 ms
_WARM_UP_S = 2.0
_WHISPER_PROMPT = 4  # start, language, task, no timestamps
# Moonshine's model card: more tokens a second than these are a loop.
_MOONSHINE_TOKENS_PER_S = 6.5
_FEWEST_TOKENS = 6  # so that a word, its full stop and the end fit where the audio is very short


def accepts(checkpoint: Checkpoint) -> bool:
    """True for every encoder-decoder; loading tells of those that are not for speech."""
    return checkpoint.is_encoder_decoder


def open(checkpoint: Checkpoint, options: RecogniserOptions) -> Recogniser:
    """The opened model; sets the number of threads of the whole process where one is asked for.

    Raises:
        ModelError, IntegrityError, InputError: as `loaded_with`.
        InputError: the model does not know the language.
    """
    loaded, threads = loaded_with(checkpoint, options)
    language = None if options.language is None else _language(loaded, options.language)
    recogniser = TorchSeq2Seq(
        loaded,
        options.device,
        threads,
        language,
        options.max_tokens_per_s,
        dtype=options.dtype,
        compiled=options.compile,
    )
    if options.compile:
        with compiler_explained(checkpoint.model):
            compile_blocks(loaded)
            recogniser.warm_up()
    return recogniser


@dataclass(frozen=True)
class TorchSeq2Seq(Loaded):
    """A loaded encoder-decoder; language and tokens a second as asked for, None its own."""

    language: str | None
    max_tokens_per_s: float | None
    runtime: str = "torch_seq2seq"

    def batching(self, batch_size: int) -> Batching:
        return batching_of(self.loaded, batch_size)

    def chunk_s(self, asked_s: float | None) -> float:
        """At most the window that a feature extractor such as Whisper's cuts everything to."""
        window_s = getattr(self.loaded.processor.feature_extractor, "chunk_length", None)
        wanted_s = _CHUNK_S if asked_s is None else asked_s
        return wanted_s if window_s is None else min(wanted_s, float(window_s))

    def warm_up(self) -> None:
        """Compile the encoder for one recording and for several."""
        from asrcompress.core.checkpoint.probe import pseudo_speech

        heard = pseudo_speech(self.sample_rate_hz, duration_s=_WARM_UP_S)
        for recordings in {1, self.batching(2).batch_size}:
            self._tokens([heard] * recordings)

    def transcribe(self, batch: Sequence[Samples]) -> list[str]:
        """The most probable token at each step, until the end or the most tokens allowed.

        Each recording is held to the tokens that its own length allows, whatever its batch's.
        """
        return self._texts(self._tokens(batch)) if batch else []

    def transcribe_long(self, recording: Recording, chunk_s: float) -> str:
        """As `transcribe`, chunk by chunk, cut at a pause in the last part of each.

        Where there is no pause that part is heard again by the next chunk, and the two are joined
        at the longest run of tokens that both have there.
        """
        length = round(chunk_s * self.sample_rate_hz)
        overlap = round(length * _OVERLAP)
        windows = Windows(recording)
        parts: list[list[int]] = [[]]
        start, shared = 0, 0  # samples of the window that the one before has heard too
        while True:
            window = windows.at(start, length)
            pause = None
            if not window.is_last:
                pause = pause_in(window.samples, self.sample_rate_hz, length - overlap)
            heard = window.samples[:pause]
            (more,) = self._tokens([heard])
            # speech is not even: the overlap may hold twice its share of the tokens
            most = ceil(2 * len(more) * shared / len(heard))
            both = joined(parts[-1], more, most) if shared else None
            parts = [*parts, more] if both is None else [*parts[:-1], both]
            recording.heard(start + len(heard))
            if window.is_last:
                return " ".join(filter(None, self._texts(parts)))
            shared = overlap if pause is None else 0
            start += len(heard) - shared

    def _tokens(self, batch: Sequence[Samples]) -> list[list[int]]:
        """The new tokens of each recording, special ones left out."""
        import torch

        shortest = round(_SHORTEST_S * self.sample_rate_hz)
        limits = [self._most_tokens(len(samples)) for samples in batch]
        with quiet_transformers(), torch.no_grad():
            features = self.loaded.processor.feature_extractor(
                [_padded(samples, shortest) for samples in batch],
                sampling_rate=self.sample_rate_hz,
                return_tensors="pt",
                **self._padding,
            )
            inputs = {name: tensor.to(self.device) for name, tensor in features.items()}
            model: Any = self.loaded.model
            with autocast(self.device, self.dtype):
                rows = model.generate(**inputs, **self._decoding, max_new_tokens=max(limits))
        start = model.generation_config.decoder_start_token_id
        special = set(self.loaded.processor.tokenizer.all_special_ids)
        found = []
        for row, limit in zip(rows.tolist(), limits, strict=True):
            new = row[1:] if row[:1] == [start] else row
            found.append([token for token in new[:limit] if token not in special])
        return found

    @property
    def _is_whisper(self) -> bool:
        return bool(self.loaded.config.model_type == "whisper")

    @property
    def _padding(self) -> dict[str, Any]:
        """To the whole window where there is one, else to the longest of the batch."""
        return {} if self._is_whisper else {"padding": "longest", "return_attention_mask": True}

    @property
    def _decoding(self) -> dict[str, Any]:
        greedy = {"num_beams": 1, "do_sample": False}
        if not self._is_whisper:
            return greedy
        return {**greedy, "return_timestamps": False, "language": self.language}

    def _most_tokens(self, samples: int) -> int:
        """How many tokens a recording may have: what its decoder holds, and a family's rate."""
        config = self.loaded.config
        rate = self.max_tokens_per_s
        if self._is_whisper:
            most = int(config.max_target_positions) - _WHISPER_PROMPT
        else:
            most = int(config.max_position_embeddings)
            rate = _MOONSHINE_TOKENS_PER_S if rate is None else rate
        if rate is None:
            return most
        return min(most, max(_FEWEST_TOKENS, ceil(rate * samples / self.sample_rate_hz)))

    def _texts(self, rows: list[list[int]]) -> list[str]:
        tokenizer = self.loaded.processor.tokenizer
        texts = tokenizer.batch_decode(rows, skip_special_tokens=True)
        return [str(text).strip() for text in texts]


def _language(loaded: LoadedModel, asked: str) -> str:
    """The language's code as the model knows it; names such as english are understood.

    Raises:
        InputError: the model has one language only, or not this one.
    """
    from transformers.models.whisper.tokenization_whisper import TO_LANGUAGE_CODE

    known = getattr(loaded.model.generation_config, "lang_to_id", None) or {}
    codes = [token.strip("<|>") for token in known]
    code = TO_LANGUAGE_CODE.get(asked.lower(), asked.lower())
    if not codes:
        raise InputError(
            "the model has no choice of languages", where=loaded.checkpoint.model, got=asked
        )
    if code not in codes:
        raise InputError(
            "the model does not know the language",
            where=loaded.checkpoint.model,
            got=repr(asked),
            expected=expected_one_of(code, codes),
        )
    return str(code)


def _padded(samples: Samples, shortest: int) -> Samples:
    missing = shortest - len(samples)
    return np.pad(samples, (0, missing)) if missing > 0 else samples
