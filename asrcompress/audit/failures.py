"""What could not be done in an audit, remembered so that the next run need not try it again."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from importlib.metadata import version

from pydantic import BaseModel, ConfigDict

from asrcompress.audit.cache import read_cached
from asrcompress.audit.plan import Plan
from asrcompress.audit.tasks import Task
from asrcompress.core.errors import (
    AsrcompressError,
    IncompleteError,
    IntegrityError,
    OutputError,
    one_line,
)
from asrcompress.core.files import sha256_of_json, write_json

LESS_MEMORY = "try a smaller evaluate.batch_size, shorter chunk_s, or fewer --jobs"


class Failure(BaseModel):
    """A task that could not be done.

    task: its id. words: it, for a reader. cause: one line. is_retried_next_run: not where the same
    input gives the same error. because_of: the id of the failed task whose work it needs.
    is_remembered: from an earlier run; not tried now. circumstances: what its cause depends on
    beside the task. trace: of an error of the program's own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    task: str
    words: str
    cause: str
    is_retried_next_run: bool
    because_of: str | None = None
    is_remembered: bool = False
    circumstances: str = ""
    trace: str | None = None

    @property
    def line(self) -> str:
        """What to tell a user."""
        if self.is_remembered:
            return f"{self.words}: {self.cause} (as in an earlier run; --rerun failed tries again)"
        return f"{self.words}: {self.cause}"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a task failed; the fields are those of Failure."""

    cause: str
    is_retried_next_run: bool
    trace: str | None = None


def reason_of(error: Exception, task: Task) -> Reason:
    """What to tell of an error that ended a task.

    A mistake in the input gives the same error again. Not so a full disk, killed processes,
    damaged files and measurements; and errors of the program's own may be mended meanwhile.
    """
    if isinstance(error, AsrcompressError):
        changes = isinstance(error, OutputError | IntegrityError | IncompleteError)
        return Reason(str(error), changes or task.is_alone)
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":  # PyTorch's
        return Reason(f"out of memory; {LESS_MEMORY}", True)
    trace = "".join(traceback.format_exception(error))
    said = one_line(f"internal error: {type(error).__name__}: {error}")
    return Reason(f"{said}; --debug shows the trace", True, trace)


def remembered(plan: Plan, task: Task) -> Failure | None:
    """The task's failure in an earlier run, where nothing that it may depend on has changed."""
    found = read_cached(plan.cache.failure(task.id), Failure)
    if found is None or found.is_retried_next_run or found.circumstances != _circumstances(plan):
        return None
    return found.model_copy(update={"is_remembered": True, "words": task.words})


def remember(plan: Plan, failure: Failure) -> None:
    """Keep a failure in the cache."""
    kept = failure.model_copy(update={"circumstances": _circumstances(plan)})
    write_json(plan.cache.failure(failure.task), kept.model_dump(mode="json"))


def forget(plan: Plan, task: str) -> None:
    """Remove what is remembered of a task, by its id."""
    plan.cache.failure(task).unlink(missing_ok=True)


def _circumstances(plan: Plan) -> str:
    """What is not in a task's key and may let it succeed another time."""
    evaluation = plan.recipe.evaluate
    return sha256_of_json([version("asrcompress"), evaluation.max_bad_files])
