"""The models of a recipe in all their forms, each with the key of everything that made it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from asrcompress.audit.compressions import is_measured, options_of
from asrcompress.audit.jobs import ArtefactJob
from asrcompress.audit.recipe import SAME_SIZE_AS, Recipe, artefact_name
from asrcompress.core.files import sha256_of_json
from asrcompress.core.provenance import versions

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


def artefact_jobs(recipe: Recipe, calibration_key: str | None) -> tuple[ArtefactJob, ...]:
    """Every model in every form, models outermost.

    Raises:
        ModelError: a model cannot be found.
    """
    from asrcompress.core.checkpoint import locate

    jobs: list[ArtefactJob] = []
    for name, model in recipe.models.items():
        forms = _Forms(recipe, name, locate(model).sha256(), calibration_key)
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
    calibration_key: str | None
    made: dict[str, ArtefactJob] = field(default_factory=dict)

    def job(self, compression: str) -> ArtefactJob:
        """The job of a form, after that of the form it is to be as large as."""
        if compression not in self.made:
            self.made[compression] = self._new(compression)
        return self.made[compression]

    def _new(self, compression: str) -> ArtefactJob:
        recipe, entry = self.recipe, self.recipe.compressions[compression]
        options = options_of(entry)
        same = self.job(entry[SAME_SIZE_AS]) if SAME_SIZE_AS in entry else None
        made_by = []
        if options.steps:
            made_by = [
                *_code_and_versions(),
                recipe.seed,
                options.selection.model_dump(),
                options.storage,
                self.calibration_key if is_measured(options) else None,
                same.key if same else None,
            ]
        steps = [step.model_dump() for step in options.steps]
        return ArtefactJob(
            name=artefact_name(recipe, self.model_name, compression),
            model=recipe.models[self.model_name],
            compression=compression,
            options=options,
            key=sha256_of_json([self.source_sha256, steps, made_by]),
            baseline=_baseline(recipe, self.model_name, compression),
            same_size_as=same,
        )


def _code_and_versions() -> Sequence[object]:
    from asrcompress.compress import CODE_VERSION

    return [CODE_VERSION, *model_versions()]


def _baseline(recipe: Recipe, model_name: str, compression: str) -> str | None:
    """The same model uncompressed; None for the original itself, or where there is none."""
    originals = [name for name, entry in recipe.compressions.items() if not entry]
    if not originals or compression == originals[0]:
        return None
    return artefact_name(recipe, model_name, originals[0])
