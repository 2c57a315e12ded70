"""What the manifests of an audit's artefacts say, for the results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from asrcompress.audit.jobs import ArtefactJob
from asrcompress.audit.plan import Plan
from asrcompress.core.class_shares import class_shares_of
from asrcompress.core.cost import Sizes
from asrcompress.core.manifest import ArtefactManifest, MethodStep, read_manifest
from asrcompress.core.results import ArtefactResult, ClassShareResult

if TYPE_CHECKING:
    from asrcompress.evaluate import ArtefactNote

Manifests = Mapping[str, ArtefactManifest]


def manifests_of(plan: Plan) -> Manifests:
    """The manifests of all artefacts that were made, by the artefact's name."""
    found = {
        job.name: read_manifest(plan.cache.artefact(job.key))
        for job in plan.artefacts
        if not job.is_original
    }
    return {name: manifest for name, manifest in found.items() if manifest is not None}


def notes_of(plan: Plan, manifests: Manifests) -> dict[str, ArtefactNote]:
    """What scoring does not know of each artefact."""
    from asrcompress.evaluate import ArtefactNote

    notes = {}
    for job in plan.artefacts:
        manifest = manifests.get(job.name)
        steps = [step for one in job.lineage for step in _steps(one, manifests)]
        notes[job.name] = ArtefactNote(
            compression=job.compression,
            methods=tuple({"method": step.method, **step.params} for step in steps),
            sparsity=manifest.ledger.sparsity if manifest else None,
            baseline=job.baseline,
        )
    return notes


def _steps(job: ArtefactJob, manifests: Manifests) -> tuple[MethodStep, ...]:
    """As they ran, where that is known: a budget may be another artefact's size.

    Exporting alone is no step: its manifest has those of what was exported.
    """
    if not job.options.steps:
        return ()
    manifest = manifests.get(job.name)
    return manifest.steps if manifest else job.options.steps


def sizes_of_original(sha256: str, manifests: Manifests) -> Sizes | None:
    """The original's sizes, with the zipped one, as recorded when something was made of it."""
    source = _source(sha256, manifests)
    return source.source.sizes if source else None


def described(artefact: ArtefactResult, manifests: Manifests) -> ArtefactResult:
    """The artefact with what only its manifest knows; the original with its number of weights."""
    own = manifests.get(artefact.name)
    source = _source(artefact.sha256, manifests)
    weights = own.ledger.weights if own else source and source.ledger.weights_before
    shares = class_shares_of(own) if own else None
    calibration = own.calibration if own else None
    return artefact.model_copy(
        update={
            "parameters": weights,
            "class_shares": shares
            and ClassShareResult(
                low=shares.low,
                medium=shares.medium,
                high=shares.high,
                pruning_rate=shares.pruning_rate,
            ),
            "divergence": calibration and calibration.measured,
        }
    )


def _source(sha256: str, manifests: Manifests) -> ArtefactManifest | None:
    made = (one for one in manifests.values() if one.source.sha256 == sha256)
    return next(made, None)
