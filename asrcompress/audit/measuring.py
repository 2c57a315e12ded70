"""The cost of an audit's artefacts, measured in turns so that none is at a disadvantage."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from asrcompress.audit.cache import read_cached
from asrcompress.audit.jobs import ArtefactJob
from asrcompress.audit.pieces import is_made, model_of
from asrcompress.audit.plan import Plan
from asrcompress.core.cost import Cost
from asrcompress.core.files import write_json
from asrcompress.core.progress import Progress, silent


def missing_costs(plan: Plan) -> list[ArtefactJob]:
    """The artefacts whose cost on this machine is not in the cache."""
    return [
        job
        for job in plan.artefacts
        if read_cached(plan.cache.cost(plan.cost_key(job)), Cost) is None
    ]


def measure_costs(plan: Plan, progress: Progress = silent) -> None:
    """Time the artefacts in rounds, there and back, and keep the fastest time of each.

    Other work on the machine then hits no artefact alone, and a disturbed time is not kept. An
    artefact that could not be made has none.
    """
    missing = [job for job in missing_costs(plan) if is_made(plan, job)]
    measured: dict[str, Cost] = {}
    turns = turns_of(missing, plan.recipe.evaluate.cost_rounds)
    for done, job in enumerate(turns):
        progress("measuring speed", done, len(turns))
        costs = [_cost(plan, job), measured.get(job.key)]
        measured[job.key] = min(filter(None, costs), key=lambda cost: cost.processing_s)
    for job in missing:
        cost = measured[job.key].model_dump(mode="json")
        write_json(plan.cache.cost(plan.cost_key(job)), cost)
    progress("measuring speed", len(turns), len(turns))


def turns_of(jobs: Sequence[ArtefactJob], rounds: int) -> list[ArtefactJob]:
    """The jobs in their order, then backwards, and so on; the first job is the last one too.

    Whatever slows the first process down would else be held against the baseline, which is first.
    """
    turns = [job for number in range(rounds) for job in (jobs if number % 2 == 0 else jobs[::-1])]
    return turns if rounds % 2 == 0 else [*turns, *jobs[:1]]


def _cost(plan: Plan, job: ArtefactJob) -> Cost:
    from asrcompress.evaluate import CostOptions, measure_cost

    options = CostOptions(
        device=plan.machine.device,
        threads=plan.machine.threads,
        dtype=plan.machine.dtype,
        compile=plan.machine.compile,
        batch_size=plan.recipe.evaluate.batch_size,
        language=plan.recipe.evaluate.language,
        chunk_s=plan.recipe.evaluate.chunk_s,
    )
    return measure_cost(Path(model_of(plan, job)), plan.corpus, options)
