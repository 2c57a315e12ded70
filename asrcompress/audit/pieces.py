"""What the pieces of a plan are once they are made: models to load, corpora to hear."""

from __future__ import annotations

from asrcompress.audit.jobs import ArtefactJob, ConditionJob
from asrcompress.audit.plan import Plan
from asrcompress.audit.soundness import has_artefact
from asrcompress.core.corpus import Corpus, read_corpus


def is_made(plan: Plan, job: ArtefactJob) -> bool:
    """Whether an artefact can be loaded; the original always can."""
    return job.is_original or has_artefact(plan.cache.artefact(job.key))


def model_of(plan: Plan, job: ArtefactJob) -> str:
    """What to load for an artefact: its folder in the cache, or the original."""
    return job.model if job.is_original else str(plan.cache.artefact(job.key))


def corpus_of(plan: Plan, job: ConditionJob) -> Corpus:
    """The corpus of a condition: as written in the cache, or the original for clean."""
    if job.condition.is_clean:
        return plan.corpus
    return read_corpus(plan.cache.corpus(job.key) / job.condition.name)
