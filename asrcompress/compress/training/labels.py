"""Transcripts as token ids, for CTC."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from asrcompress.compress.training.audio import TrainingAudio
from asrcompress.core.errors import InputError

if TYPE_CHECKING:
    from asrcompress.core.checkpoint import LoadedModel
    from asrcompress.core.utterance import Utterance

NOTHING = -100
_SAMPLED = 200  # texts, to tell whether the vocabulary has capitals
_MOST_UNKNOWN = 0.05  # of all tokens: beyond, the transcripts are of another language or spelling
_CASES: tuple[Callable[[str], str], ...] = (str, str.upper, str.lower)


@dataclass(frozen=True, slots=True)
class Labels:
    """The tokens of transcripts, in the letters that the tokenizer knows.

    What it has no token for is left out: a model must not learn to say that it does not know.
    """

    tokenizer: Any
    in_case: Callable[[str], str]

    @classmethod
    def of(cls, loaded: LoadedModel, audio: TrainingAudio) -> Labels:
        """As the model's tokenizer spells them: as written, or in capitals, or without.

        Raises:
            InputError: an utterance has no transcript, or the tokenizer lacks its letters.
        """
        texts = []
        for utterance in audio.utterances:
            if not utterance.text:
                raise InputError(
                    "an utterance without a transcript",
                    where=audio.name,
                    got=utterance.id,
                    expected="transcripts throughout, for a CTC loss",
                    next_step="leave ctc_weight out, or transcribe it",
                )
            texts.append(utterance.text)
        tokenizer = loaded.processor.tokenizer
        sampled = texts[:: max(1, len(texts) // _SAMPLED)]
        found = {case: _unknown(tokenizer, [case(text) for text in sampled]) for case in _CASES}
        best = min(_CASES, key=lambda case: found[case])
        if found[best] > _MOST_UNKNOWN:
            raise InputError(
                "the transcripts are not in the model's letters",
                where=audio.name,
                got=f"{100 * found[best]:.0f} % unknown tokens",
                expected=f"at most {100 * _MOST_UNKNOWN:.0f} %",
                next_step="normalise the transcripts, or leave ctc_weight out",
            )
        return cls(tokenizer, best)

    def of_batch(self, utterances: Sequence[Utterance]) -> torch.Tensor:
        """(batch, longest) token ids, -100 beyond a text's end."""
        rows = [self._tokens(self.in_case(u.text or "")) for u in utterances]
        labels = torch.full((len(rows), max(1, *map(len, rows))), NOTHING)
        for row, tokens in zip(labels, rows, strict=True):
            row[: len(tokens)] = torch.tensor(tokens)
        return labels

    def _tokens(self, text: str) -> list[int]:
        unknown = self.tokenizer.unk_token_id
        return [token for token in self.tokenizer(text).input_ids if token != unknown]


def _unknown(tokenizer: Any, texts: Sequence[str]) -> float:
    """The share of tokens that the tokenizer has none for."""
    tokens = [token for text in texts for token in tokenizer(text).input_ids]
    unknown = sum(token == tokenizer.unk_token_id for token in tokens)
    return unknown / len(tokens) if tokens else 1.0
