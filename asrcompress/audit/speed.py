"""Speed of all artefacts of an audit, measured once in one interleaved run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING

from asrcompress.audit.artefacts import model_versions
from asrcompress.audit.cache import read_cached
from asrcompress.audit.plan import Plan
from asrcompress.audit.recipe import Recipe, Speeds
from asrcompress.core.cost import Cost
from asrcompress.core.files import sha256_of_json, write_json
from asrcompress.core.machine import machine
from asrcompress.core.progress import Progress
from asrcompress.core.speed import SpeedTable

if TYPE_CHECKING:
    from asrcompress.core.checkpoint import Checkpoint
    from asrcompress.evaluate import SpeedOptions


def speed_of(plan: Plan) -> SpeedTable | None:
    """What was measured; None where the recipe does not ask, or it is still to be done."""
    options = options_of_recipe(plan.recipe)
    if options is None:
        return None
    return read_cached(plan.cache.speed(speed_key(plan, options)), SpeedTable)


def costs_of(plan: Plan) -> dict[str, Cost]:
    """The costs known so far, by artefact: those of the run that measured speed, if one did."""
    from asrcompress.evaluate import cost_of

    speed = speed_of(plan)
    if speed is not None:
        return {name: cost_of(found) for name, found in speed.speeds.items()}
    found = {
        job.name: read_cached(plan.cache.cost(plan.cost_key(job)), Cost) for job in plan.artefacts
    }
    return {name: cost for name, cost in found.items() if cost is not None}


def measure(plan: Plan, checkpoints: Mapping[str, Checkpoint], progress: Progress) -> None:
    """Measure the artefacts, by name, and keep it, unless it is there already.

    Raises:
        AsrcompressError: whatever kept a process from measuring.
    """
    from asrcompress.evaluate import RecogniserOptions, SpeedJob, measure_speed

    options = options_of_recipe(plan.recipe)
    if options is None or speed_of(plan) is not None:
        return
    evaluation, here = plan.recipe.evaluate, plan.machine
    job = SpeedJob(
        checkpoints=checkpoints,
        corpus=plan.corpus,
        baseline=plan.single_baseline,
        how=RecogniserOptions(
            device=here.device,
            threads=here.threads,
            language=evaluation.language,
            dtype=here.dtype,
            compile=here.compile,
        ),
        batch_size=evaluation.batch_size,
        chunk_s=evaluation.chunk_s,
        seed=plan.recipe.seed,
    )
    found = measure_speed(job, options, progress)
    write_json(plan.cache.speed(speed_key(plan, options)), found.model_dump(mode="json"))


def options_of_recipe(recipe: Recipe) -> SpeedOptions | None:
    """What the recipe asks for; None where it does not ask for speed."""
    from asrcompress.evaluate import SpeedOptions

    asked = recipe.evaluate.speed
    if isinstance(asked, Speeds):
        return SpeedOptions(
            lengths_s=tuple(asked.lengths_s), rounds=asked.rounds, energy=asked.energy
        )
    return SpeedOptions() if asked else None


def speed_key(plan: Plan, options: SpeedOptions) -> str:
    """What the figures depend on: all artefacts, for they take turns, and the machine."""
    from asrcompress.evaluate import SPEED_VERSION

    evaluation = plan.recipe.evaluate
    return sha256_of_json(
        [
            SPEED_VERSION,
            [[job.name, job.key] for job in plan.artefacts],
            plan.single_baseline,
            plan.corpus_sha256,
            plan.recipe.seed,
            asdict(options),
            asdict(plan.machine),
            machine().line,
            evaluation.batch_size,
            evaluation.language,
            evaluation.chunk_s,
            *model_versions(),
        ]
    )
