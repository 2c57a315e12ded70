"""The first stage of some compressions: a smaller model is learned before anything else is done."""

from __future__ import annotations

import copy
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asrcompress.compress.against import against_original
from asrcompress.compress.entries import Entry, entries_of
from asrcompress.compress.layers import check_patterns, layers_of
from asrcompress.compress.method import is_training, method_of
from asrcompress.compress.plan import CompressOptions
from asrcompress.compress.training import processes
from asrcompress.compress.training.trained import Trained, TrainingContext
from asrcompress.core.checkpoint import Checkpoint, LoadedModel, load
from asrcompress.core.errors import InputError, ModelError
from asrcompress.core.files import sha256_of_json
from asrcompress.core.ledger import Ledger
from asrcompress.core.manifest import MethodStep
from asrcompress.core.provenance import versions

if TYPE_CHECKING:
    import torch

    from asrcompress.compress.request import CompressRequest
    from asrcompress.compress.training.audio import TrainingAudio
    from asrcompress.core.progress import Progress

TRAINING_VERSION = 2  # raised when the same training gives other weights
_PACKAGES = ("accelerate", "torch", "transformers", "soundfile", "soxr", "numpy")


@dataclass(frozen=True, slots=True)
class Learned:
    """What was learned, in the original's place.

    before: the original's tensors. unchanged: keys of the new module with the original's values.
    """

    trained: Trained
    before: tuple[Entry, ...]
    unchanged: frozenset[str]
    loaded: LoadedModel

    def ledger(self, written: Ledger) -> Ledger:
        """The ledger of what was made of the new module, told against the original."""
        return against_original(written, self.trained, self.before, self.unchanged)

    def copied(self) -> LoadedModel:
        """The learned model anew, for a method that changes what it measures."""
        return replace(self.loaded, model=copy.deepcopy(self.loaded.model))


def training_step(options: CompressOptions) -> MethodStep | None:
    """The step that trains, None where there is none."""
    for step in options.steps:
        if is_training(method_of(step.method)):
            return step
    return None


def other_steps(options: CompressOptions) -> CompressOptions:
    """The options without the step that trains."""
    steps = tuple(step for step in options.steps if not is_training(method_of(step.method)))
    return replace(options, steps=steps)


def learn(
    request: CompressRequest, checkpoint: Checkpoint, folder: Path, progress: Progress
) -> Learned | None:
    """The smaller model that the request's training step asks for; None without such a step.

    In processes beside the main one this does not return: they end when training does.

    Raises:
        InputError: no audio, audio that cannot be read, or patterns that match nothing.
        ModelError: the method does not fit the model.
        OutputError: the folder of its checkpoints holds another training, or one runs in it.
    """
    step = training_step(request.options)
    if step is None:
        return None
    audio = request.training
    if audio is None:
        raise InputError(
            "no audio to train on",
            expected="recordings, transcribed or not",
            next_step="give a corpus of your own, as --audio does",
        )
    method = method_of(step.method)
    params = method.Params.model_validate(step.params)
    loaded = load(checkpoint, trust_remote_code=request.trust_remote_code)
    _refuse_unfit(request, method, params, loaded, audio)
    context = TrainingContext(
        original=_loader(checkpoint, loaded, trusting=request.trust_remote_code),
        audio=audio,
        place=request.place,
        folder=request.place.folder or folder,
        identity=_identity(step, checkpoint, audio, request.seed),
        seed=request.seed,
        progress=progress,
    )
    before = entries_of(loaded.model)
    del loaded
    trained = _trained(method, params, context)
    original = load(checkpoint, trust_remote_code=request.trust_remote_code)
    unchanged = _unchanged(trained, original.model)
    return Learned(trained, before, unchanged, replace(original, model=trained.module))


def _trained(method: Any, params: Any, context: TrainingContext) -> Trained:
    """What the main process learned; the others end here."""
    from asrcompress.compress.training.checkpoint import Checkpoints

    checkpoints = Checkpoints(context.folder)
    with checkpoints.alone() if processes.is_main() else nullcontext():
        trained: Trained = method.train(params, context)
    processes.part()
    if not processes.is_main():
        raise SystemExit(0)
    return trained


def _unchanged(trained: Trained, original: torch.nn.Module) -> frozenset[str]:
    state = original.state_dict()
    return frozenset(
        key
        for key, value in trained.module.state_dict().items()
        if value.equal(state.get(trained.origin.get(key, key), value.new_zeros(0)))
    )


def _loader(
    checkpoint: Checkpoint, first: LoadedModel, *, trusting: bool
) -> Callable[[], LoadedModel]:
    """The model anew at each call; the first one is the one that was loaded already."""
    ready = [first]

    def original() -> LoadedModel:
        return ready.pop() if ready else load(checkpoint, trust_remote_code=trusting)

    return original


def _refuse_unfit(
    request: CompressRequest,
    method: Any,
    params: Any,
    loaded: LoadedModel,
    audio: TrainingAudio,
) -> None:
    """Find what can be found wrong before hours of training, in the later steps too."""
    selection = request.options.selection
    check_patterns((*selection.include, *selection.exclude), layers_of(loaded.model))
    refusal = method.unfit(params, loaded, audio)
    if refusal is not None:
        place = loaded.checkpoint.model
        raise ModelError(f"method {params.method!r} does not fit {place}: {refusal}")


def _identity(step: MethodStep, checkpoint: Checkpoint, audio: TrainingAudio, seed: int) -> str:
    """A hash of everything that the learned weights depend on, but the machine."""
    import torch

    return sha256_of_json(
        [
            TRAINING_VERSION,
            step.model_dump(),
            checkpoint.sha256(),
            audio.sha256,
            seed,
            processes.count(),
            torch.get_num_threads(),
            [versions().get(name) for name in _PACKAGES],
        ]
    )
