"""How sensitive a model is to each treatment of each layer: measured, one layer at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import fmean
from typing import TYPE_CHECKING

from asrcompress.compress.calibration import beginning, duration_s
from asrcompress.compress.divergence import Reference, divergence, reference
from asrcompress.compress.replay import Replay
from asrcompress.compress.trial import Plan, Treatment, TrialModel
from asrcompress.core.errors import ModelError

if TYPE_CHECKING:
    import torch

    from asrcompress.compress.decision import Context, Weights

Divergence = dict[str, float]  # nats a frame, by condition
Table = dict[str, dict[Treatment, Divergence]]  # by layer name

# Seconds that a scan hears of each condition: all for a small model, for a large one as many as
# keep a scan within what some ten passes over a minute cost it.
_WEIGHTS_FOR_ALL = 20_000_000
_FEWEST_S = 8.0


def bench_of(weights: Weights, context: Context) -> Bench:
    """The original loaded, and its posteriors on the calibration audio, of which a scan hears part.

    Raises:
        ModelError: the model is no recogniser, or its posteriors are not finite.
        InputError: an utterance cannot be read.
    """
    loaded = context.original()
    if loaded.processor is None:
        raise ModelError(
            "cannot choose bits by measured harm",
            got="a module that is no recogniser",
            next_step="choose bits that need no audio, for example 4",
        )
    total = sum(len(audio.utterances) for audio in context.audio)
    everything: list[Reference] = []
    scanned: list[Reference] = []
    told = partial(context.progress, "the original on the calibration audio")
    for audio in context.audio:
        heard_s = scan_duration_s(float32_bytes(loaded.model) // 4, duration_s(audio))
        in_scan = len(beginning(audio, heard_s).utterances)
        for number, utterance in enumerate(audio.utterances):
            told(len(everything), total)
            everything.append(reference(loaded, audio.condition, utterance))
            scanned += everything[-1:] if number < in_scan else []
    tied = {name: layer.tied for name, layer in weights.layers.items()}
    return Bench(TrialModel(loaded.model, weights), scanned, everything, tied)


def float32_bytes(module: torch.nn.Module) -> int:
    """The module's weights in float32, shared ones once."""
    return sum(4 * parameter.numel() for parameter in module.parameters())


def scan_duration_s(weights: int, most_s: float) -> float:
    """How much of `most_s` seconds a scan hears of a model with so many weights."""
    return min(most_s, max(_FEWEST_S, most_s * _WEIGHTS_FOR_ALL / max(weights, 1)))


def mean(found: Divergence) -> float:
    """The one figure that is minimised: every condition counts the same."""
    return fmean(found.values())


@dataclass(frozen=True, slots=True)
class Bench:
    """A model to try treatments on, and what to measure them with.

    scanned: the references that single layers are tried on; all: those that plans are.
    """

    trial: TrialModel
    scanned: Sequence[Reference]
    all: Sequence[Reference]
    tied: Mapping[str, tuple[str, ...]]

    @property
    def conditions(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(reference.condition for reference in self.all))

    def of_plan(self, plan: Plan) -> Divergence:
        """The divergence of a whole plan on all references; it stays in place."""
        self.trial.use(plan)
        return divergence(self.trial.module, self.all)

    def of_each(
        self, choices: Mapping[str, Sequence[Treatment]], told: Callable[[], None]
    ) -> Table:
        """What each treatment adds to the divergence of the plan in place, on those scanned.

        Negative where it takes some away. `told` is called after each treatment.
        """
        replay = Replay(self.trial.module, self.scanned)
        replay.prepare(self._names(layer) for layer in choices)
        base = divergence(self.trial.module, self.scanned)
        return {
            layer: {t: self._added(replay, base, layer, t, told) for t in treatments}
            for layer, treatments in choices.items()
        }

    def _added(
        self,
        replay: Replay,
        base: Divergence,
        layer: str,
        treatment: Treatment,
        told: Callable[[], None],
    ) -> Divergence:
        with (
            self.trial.with_treated(layer, treatment),
            replay.without(self._names(layer)) as prepared,
        ):
            found = divergence(self.trial.module, self.scanned, prepared)
        told()
        return {condition: found[condition] - base[condition] for condition in found}

    def _names(self, layer: str) -> tuple[str, ...]:
        return (layer, *self.tied[layer])
