"""What a recogniser said about a corpus: raw texts, before any reference or normaliser."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field

from asrcompress.core.cost import Sizes
from asrcompress.core.evaluation import Decoding


class Hypotheses(BaseModel):
    """Raw texts by utterance id, and what they depend on. Scoring them again needs no model.

    bad_files: utterance id to the cause, for audio that could not be read.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    model_sha256: str
    corpus: str
    corpus_sha256: str
    decoding: Decoding
    sizes: Sizes
    pred_texts: Mapping[str, str]
    bad_files: Mapping[str, str] = Field(default_factory=dict)
