"""How far a changed model's posteriors are from the original's, on calibration audio.

The Kullback-Leibler divergence KL(original || changed) of the posteriors over the vocabulary, in
nats, averaged over frames. A model with a decoder is given the original's own greedy transcript
(teacher forcing), and the average is over its tokens.

One utterance at a time: there is no padding, so every frame is a real one, whatever the
architecture makes of padding.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, isfinite
from typing import TYPE_CHECKING, Any

from asrcompress.core.errors import ModelError

if TYPE_CHECKING:
    import torch

    from asrcompress.core.checkpoint import LoadedModel
    from asrcompress.core.utterance import Utterance

_WORST = 1e6  # nats a frame: stands for infinity, which JSON lacks and sums do not survive
_TOKENS_PER_S = 10.0  # twice what English needs; a model that loops is cut off there
_FEWEST_TOKENS = 8
_PROMPT_TOKENS = 8  # start, language, task and the like, which count against the most a decoder has


@dataclass(frozen=True, slots=True)
class Reference:
    """One utterance's inputs, and the original's log posteriors (frames, tokens), float32.

    first: the first frame that counts; those before it belong to a decoder's prompt.
    """

    condition: str
    inputs: dict[str, Any]
    log_posteriors: torch.Tensor
    first: int = 0


def reference(loaded: LoadedModel, condition: str, utterance: Utterance) -> Reference:
    """The original's posteriors on one utterance.

    Raises:
        InputError: the utterance cannot be read.
        ModelError: the posteriors are not finite.
    """
    import torch

    samples = utterance.audio(loaded.sample_rate_hz)
    if loaded.is_encoder_decoder:
        inputs, first = _decoder_inputs(loaded, samples)
    else:
        inputs, first = _ctc_inputs(loaded, samples), 0
    found = log_posteriors(loaded.model, inputs)[first:].clone()
    if not bool(torch.isfinite(found).all()):
        raise ModelError(
            "the model's posteriors are not finite", where=loaded.checkpoint.model, got=utterance.id
        )
    return Reference(condition, inputs, found, first)


def divergence(
    model: torch.nn.Module,
    found: Sequence[Reference],
    prepared: Callable[[int], None] | None = None,
) -> dict[str, float]:
    """KL(original || model) in nats a frame, by condition; 1e6 for an utterance without numbers.

    prepared: called before the model runs on the reference of that index.
    """
    sums: dict[str, float] = {}
    frames: dict[str, int] = {}
    for index, reference in enumerate(found):
        if prepared is not None:
            prepared(index)
        changed = log_posteriors(model, reference.inputs)[reference.first :]
        sums[reference.condition] = sums.get(reference.condition, 0.0) + _kl_sum(
            reference.log_posteriors, changed
        )
        frames[reference.condition] = frames.get(reference.condition, 0) + len(changed)
    return {condition: sums[condition] / frames[condition] for condition in sums}


def log_posteriors(model: torch.nn.Module, inputs: dict[str, Any]) -> torch.Tensor:
    """(frames, tokens) float32 of one utterance.

    Not under inference_mode: quanto's qint4 and qint2 crash under it.
    """
    import torch

    from asrcompress.core.checkpoint import quiet_transformers

    with quiet_transformers(), torch.no_grad():
        logits: torch.Tensor = model(**inputs).logits[0]
    return logits.float().log_softmax(dim=-1)


def _kl_sum(original: torch.Tensor, changed: torch.Tensor) -> float:
    """The sum over frames of KL, in double precision: small ones are differences of near-equals."""
    import torch

    p, q = original.double(), changed.double()
    terms = torch.where(p > -torch.inf, p.exp() * (p - q), 0.0)
    total = float(terms.sum())
    # a model broken by 2 bits may give no numbers at all: nothing is worse
    return total if isfinite(total) else _WORST * len(p)


def _ctc_inputs(loaded: LoadedModel, samples: Any) -> dict[str, torch.Tensor]:
    return dict(
        loaded.processor(audio=[samples], sampling_rate=loaded.sample_rate_hz, return_tensors="pt")
    )


def _decoder_inputs(loaded: LoadedModel, samples: Any) -> tuple[dict[str, Any], int]:
    """Features and the tokens that greedy decoding fed to the decoder; where its own begin."""
    import torch

    from asrcompress.core.checkpoint import quiet_transformers

    inputs = dict(
        loaded.processor.feature_extractor(
            [samples], sampling_rate=loaded.sample_rate_hz, return_tensors="pt"
        )
    )
    model: Any = loaded.model
    options: dict[str, Any] = {"num_beams": 1, "do_sample": False}
    if loaded.config.model_type == "whisper":
        options["return_timestamps"] = False
    fed: list[torch.Tensor] = []
    hook = model.register_forward_pre_hook(_remember_tokens(fed), with_kwargs=True)
    try:
        with quiet_transformers(), torch.no_grad():
            model.generate(**inputs, **options, max_new_tokens=_most_tokens(loaded, len(samples)))
    finally:
        hook.remove()
    inputs |= {"decoder_input_ids": torch.cat(fed, dim=1), "use_cache": False}
    return inputs, fed[0].shape[1] - 1


def _remember_tokens(fed: list[torch.Tensor]) -> Callable[..., None]:
    """A hook that collects what a decoder is fed: the prompt, then token by token.

    A call without earlier tokens begins anew: Whisper finds the language with one of its own.
    """

    def remember(_module: Any, _args: Any, kwargs: dict[str, Any]) -> None:
        cache = kwargs.get("past_key_values")
        if cache is None or cache.get_seq_length() == 0:
            fed.clear()
        fed.append(kwargs["decoder_input_ids"])

    return remember


def _most_tokens(loaded: LoadedModel, samples: int) -> int:
    config = loaded.config
    held = getattr(config, "max_target_positions", None) or config.max_position_embeddings
    wanted = _FEWEST_TOKENS + ceil(_TOKENS_PER_S * samples / loaded.sample_rate_hz)
    return max(1, min(wanted, int(held) - _PROMPT_TOKENS))
