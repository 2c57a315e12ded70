"""The models of a recipe in all their forms, each with the key of everything that made it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from asrcompress.audit.compressions import is_measured, may_calibrate, options_of
from asrcompress.audit.jobs import ArtefactJob
from asrcompress.audit.listening import Listening
from asrcompress.audit.recipe import FROM, SAME_SIZE_AS, Recipe, artefact_name
from asrcompress.audit.training_audio import training_params
from asrcompress.core.digests import Digests
from asrcompress.core.files import sha256_of_json
from asrcompress.core.provenance import versions

if TYPE_CHECKING:
    from asrcompress.compress import CompressOptions

_PACKAGES = (
    "librosa",
    "machine",
    "numpy",
    "optimum-quanto",
    "soundfile",
    "soxr",
    "torch",
    "transformers",
)


def artefact_jobs(
    recipe: Recipe, listening: Listening, digests: Digests | None = None
) -> tuple[ArtefactJob, ...]:
    """Every model in every form, models outermost; listening: the audio that they listen to.

    digests: hashes of files that are as they were; None reads every model.

    Raises:
        ModelError: a model cannot be found.
    """
    from asrcompress.core.checkpoint import locate

    jobs: list[ArtefactJob] = []
    for name, model in recipe.models.items():
        sha256 = locate(model).sha256(digests.sha256 if digests else None)
        forms = _Forms(recipe, name, sha256, listening)
        jobs += [forms.job(compression) for compression in recipe.compressions]
    return tuple(jobs)


def model_versions() -> list[str]:
    """Those that can change a hypothesis: the model's libraries, and those that read audio."""
    return [versions()[name] for name in _PACKAGES]


@dataclass(slots=True)
class _Forms:
    """The jobs of one model, each made once."""

    recipe: Recipe
    model_name: str
    source_sha256: str
    listening: Listening
    made: dict[str, ArtefactJob] = field(default_factory=dict)

    def job(self, compression: str) -> ArtefactJob:
        """The job of a form, after those of the forms that it depends on."""
        if compression not in self.made:
            self.made[compression] = self._new(compression)
        return self.made[compression]

    def _new(self, compression: str) -> ArtefactJob:
        recipe, entry = self.recipe, self.recipe.compressions[compression]
        options = options_of(entry)
        same = self.job(entry[SAME_SIZE_AS]) if SAME_SIZE_AS in entry else None
        made_from = self.job(entry[FROM]) if FROM in entry else None
        source = made_from.key if made_from else self.source_sha256
        made_by = []
        if options.steps or options.runtime != "torch":
            made_by = [
                *_code_and_versions(),
                recipe.seed,
                options.selection.model_dump(),
                options.storage,
                self._heard_by(options),
                same.key if same else None,
            ]
        if options.runtime != "torch":
            made_by += [options.runtime, options.weights_only, _runtime_versions()]
        steps = [step.model_dump() for step in options.steps]
        return ArtefactJob(
            name=artefact_name(recipe, self.model_name, compression),
            model=recipe.models[self.model_name],
            compression=compression,
            options=options,
            key=sha256_of_json([source, steps, made_by]),
            baseline=_baseline(recipe, self.model_name, compression),
            same_size_as=same,
            made_from=made_from,
        )

    def _heard_by(self, options: CompressOptions) -> object:
        """JSON that changes whenever what is measured on or trained on can."""
        calibration, training = self.listening.calibration, self.listening.training
        is_heard = is_measured(options) or may_calibrate(options)
        measured_on = calibration.key if calibration and is_heard else None
        params = training_params(options)
        if training is None or params is None:
            return measured_on
        return [measured_on, _training_code(), training.audio(params).sha256]


def _training_code() -> Sequence[object]:
    from asrcompress.compress.learn import TRAINING_VERSION

    return [TRAINING_VERSION, versions().get("accelerate")]


def _runtime_versions() -> Sequence[object]:
    from asrcompress.compress.export import EXPORT_VERSION

    packages = ("nncf", "onnx", "onnxruntime", "openvino")
    return [EXPORT_VERSION, *(versions().get(package) for package in packages)]


def _code_and_versions() -> Sequence[object]:
    from asrcompress.compress import CODE_VERSION

    return [CODE_VERSION, *model_versions()]


def _baseline(recipe: Recipe, model_name: str, compression: str) -> str | None:
    """The same model uncompressed; None for the original itself, or where there is none."""
    originals = [name for name, entry in recipe.compressions.items() if not entry]
    if not originals or compression == originals[0]:
        return None
    return artefact_name(recipe, model_name, originals[0])
