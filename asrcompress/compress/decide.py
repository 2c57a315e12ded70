"""From the steps asked for to one decision a layer: each step sees what the ones before leave."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from asrcompress.compress.decision import CalibrationAudio, Context, Decision
from asrcompress.compress.layers import check_patterns
from asrcompress.compress.method import method_of
from asrcompress.compress.plan import CompressOptions, in_order
from asrcompress.compress.predict import SizePredictor
from asrcompress.compress.scans import Scans
from asrcompress.compress.weights import LayerWeights
from asrcompress.core.checkpoint.source import Source
from asrcompress.core.errors import ModelError
from asrcompress.core.files import sha256_of_json
from asrcompress.core.manifest import CalibrationRecord, Selection
from asrcompress.core.progress import Progress

if TYPE_CHECKING:
    from asrcompress.compress.sensitivity import Table
    from asrcompress.core.checkpoint import LoadedModel


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What methods are given beside the weights; see `decision.Context`.

    identity: a hash of the uncompressed model, None where nothing measured of it is kept.
    """

    original: Callable[[], LoadedModel]
    audio: tuple[CalibrationAudio, ...]
    seed: int
    progress: Progress
    explain: bool
    identity: Callable[[], str] | None = None
    scans: Scans = field(default_factory=Scans)

    def known(self, selection: Selection, before: Sequence[object]) -> Table:
        """What was measured of these weights on this audio; `before` are the steps so far."""
        if self.identity is None or not self.audio:
            return {}
        audio = [(one.condition, one.sha256) for one in self.audio]
        subject = [self.identity(), selection.model_dump(), before, audio, self.seed]
        return self.scans.of(sha256_of_json(subject))


@dataclass(frozen=True, slots=True)
class Decided:
    """The weights with what is to become of them, and how it was found where it was measured."""

    weights: LayerWeights
    calibration: CalibrationRecord | None


def decide(
    name: str, source: Source, options: CompressOptions, surroundings: Surroundings
) -> Decided:
    """The decisions of all steps.

    Raises:
        ModelError: a method does not fit the model.
        InputError: a pattern matches nothing, or nothing is left to compress.
    """
    selection = options.selection
    weights = LayerWeights.of_source(source, selection)
    check_patterns((*selection.include, *selection.exclude), weights.all_layers)
    _refuse_unfit(name, weights, options, surroundings)
    calibration = None
    before: list[object] = []
    for step in in_order(options.steps):
        surroundings.progress(step.method, 0, 1)
        method = method_of(step.method)
        params = method.Params.model_validate(step.params)
        known = surroundings.known(selection, before)
        made = method.decide(params, weights, _context(weights, surroundings, known))
        before.append(step.model_dump())
        weights = weights.after(made.layers)
        calibration = made.calibration or calibration
    if surroundings.explain:
        weights = explained(weights)
    return Decided(weights, calibration)


def explained(weights: LayerWeights) -> LayerWeights:
    """The same decisions, each layer's with an analysis; layers left alone get one too."""
    from asrcompress.compress.analysis import analyse_with_classes

    added = {}
    for name in weights.layers:
        decision = weights.decided.get(name)
        if decision is None or decision.analysis is None:
            found = analyse_with_classes(weights.read_original(name))
            added[name] = Decision("", analysis=found)
    return weights.after(added)


def _refuse_unfit(
    name: str, weights: LayerWeights, options: CompressOptions, surroundings: Surroundings
) -> None:
    for step in options.steps:
        method = method_of(step.method)
        params = method.Params.model_validate(step.params)
        refusal = method.refusal(params, weights, _context(weights, surroundings))
        if refusal is not None:
            raise ModelError(
                f"method {step.method!r} does not fit the model", where=name, got=refusal
            )


def _context(
    weights: LayerWeights, surroundings: Surroundings, known: Table | None = None
) -> Context:
    predictor: list[SizePredictor] = []  # made when first asked for: it walks the state dict

    def file_bytes(decisions: object) -> int:
        if not predictor:
            predictor.append(SizePredictor(weights))
        return predictor[0].file_bytes(decisions)  # type: ignore[arg-type]

    return Context(
        original=surroundings.original,
        file_bytes=file_bytes,
        audio=surroundings.audio,
        seed=surroundings.seed,
        progress=surroundings.progress,
        known={} if known is None else known,
    )
