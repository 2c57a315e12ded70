"""evaluate: one model, or two, on one corpus; the scores, the comparison and the cost."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from asrcompress.core.corpus import Corpus, read_corpus
from asrcompress.core.cost import Cost
from asrcompress.core.error_table import ErrorTable
from asrcompress.core.evaluation import Evaluation
from asrcompress.core.findings import Findings
from asrcompress.core.precision import dtype_of
from asrcompress.core.progress import Progress, silent
from asrcompress.core.results import CostTable, Results
from asrcompress.core.speed import SpeedTable
from asrcompress.evaluate.batches import Batching, common_batching
from asrcompress.evaluate.cost import CostOptions, measure_cost
from asrcompress.evaluate.recogniser import Recogniser, RecogniserOptions, open_recogniser
from asrcompress.evaluate.request import EvaluateRequest
from asrcompress.evaluate.score import referenced, score
from asrcompress.evaluate.speed import SpeedJob, cost_of, measure_speed
from asrcompress.evaluate.summary import (
    ArtefactNote,
    Matrix,
    Statistics,
    clean_condition,
    sum_up,
)
from asrcompress.evaluate.torch_options import check_device, check_runtimes
from asrcompress.evaluate.transcribe import TranscribeOptions, transcribe

if TYPE_CHECKING:
    from asrcompress.core.checkpoint import Checkpoint


@dataclass(frozen=True, slots=True)
class Outcome:
    """What evaluate gives: deterministic results, this machine's costs, and every utterance.

    evaluations: in the order of the results' cells. errors: what compression added; empty without
    a baseline. speed: where it was asked for; the costs are then taken from it.
    """

    results: Results
    costs: CostTable
    evaluations: tuple[Evaluation, ...]
    errors: ErrorTable = field(default_factory=ErrorTable)
    speed: SpeedTable | None = None

    @property
    def findings(self) -> Findings:
        """What reports are made of."""
        return Findings(self.results, self.costs, self.errors, self.speed)


def run(request: EvaluateRequest, progress: Progress = silent) -> Outcome:
    """Score the model, and the baseline if there is one, on the same audio in the same batches.

    Raises:
        ModelError, IntegrityError: a model cannot be found or loaded.
        InputError: the corpus or a column cannot be used, too many files are bad, or the device
            or a model's runtime cannot do what is asked for.
        NothingToEvaluateError: no utterance has a reference.
    """
    dtype = dtype_of(request.dtype)
    check_device(request.device, dtype, compiled=request.compile)
    corpus = _corpus(request)
    checkpoints = checkpoints_of(request)
    timed = _with_beside(request, checkpoints)
    check_runtimes(checkpoints.values(), dtype, compiled=request.compile)
    evaluations, batching = _evaluations(request, corpus, checkpoints, progress)
    matrix = _matrix(request, checkpoints, evaluations)
    statistics = Statistics(request.seed, request.margin, request.replicates, request.by)
    summary = sum_up(matrix, statistics)
    speed = _speed(request, corpus, timed, matrix.baseline, progress)
    costs = {}
    if request.measure_cost:
        costs = _costs(request, corpus, checkpoints, batching, speed)
    every = tuple(evaluations.values())
    return Outcome(summary.results, CostTable(costs=costs), every, summary.errors, speed)


def _corpus(request: EvaluateRequest) -> Corpus:
    if isinstance(request.corpus, Corpus):
        return request.corpus
    return read_corpus(request.corpus, format_name=request.format_name)


def checkpoints_of(request: EvaluateRequest) -> dict[str, Checkpoint]:
    """The baseline first, then the model, under the names that results give them."""
    from asrcompress.core.checkpoint import locate

    model = locate(request.model)
    if request.baseline is None:
        return {model.name: model}
    baseline = locate(request.baseline)
    name = baseline.name if baseline.name != model.name else f"{baseline.name} (baseline)"
    return {name: baseline, model.name: model}


def _with_beside(
    request: EvaluateRequest, checkpoints: dict[str, Checkpoint]
) -> dict[str, Checkpoint]:
    """The scored models and those to be timed beside them, under names that differ."""
    from asrcompress.core.checkpoint import locate

    timed = dict(checkpoints)
    for model in request.speed.beside if request.speed else ():
        found = locate(model)
        name, number = found.name, 2
        while name in timed:
            name, number = f"{found.name} ({number})", number + 1
        timed[name] = found
    return timed


def _evaluations(
    request: EvaluateRequest,
    corpus: Corpus,
    checkpoints: dict[str, Checkpoint],
    progress: Progress,
) -> tuple[dict[str, Evaluation], Batching]:
    """Every model's evaluation by its name, and the batching that all of them took."""
    heard = referenced(corpus)
    how = _how(request)
    recognisers = {name: open_recogniser(found, how) for name, found in checkpoints.items()}
    batching = _batching(request, recognisers)
    options = TranscribeOptions(
        plan=request.plan,
        batching=batching,
        max_bad_files=request.max_bad_files,
        corpus_sha256=corpus.sha256(),
        chunk_s=request.chunk_s,
    )
    evaluations = {}
    for name, recogniser in recognisers.items():
        hypotheses = transcribe(recogniser, heard, options=options, progress=progress)
        evaluations[name] = score(hypotheses, corpus, request.normaliser)
    return {
        name: _with_known_sizes(one, checkpoints) for name, one in evaluations.items()
    }, batching


def _how(request: EvaluateRequest) -> RecogniserOptions:
    return RecogniserOptions(
        device=request.device,
        threads=request.threads,
        trust_remote_code=request.trust_remote_code,
        language=request.language,
        dtype=dtype_of(request.dtype),
        compile=request.compile,
    )


def _with_known_sizes(evaluation: Evaluation, checkpoints: dict[str, Checkpoint]) -> Evaluation:
    """An original's sizes as recorded by an artefact made of it: its zipped size among them."""
    if evaluation.sizes.zipped_bytes is not None:
        return evaluation
    for checkpoint in checkpoints.values():
        manifest = checkpoint.manifest
        if manifest is not None and manifest.source.sha256 == evaluation.model_sha256:
            return evaluation.model_copy(update={"sizes": manifest.source.sizes})
    return evaluation


def _batching(request: EvaluateRequest, recognisers: dict[str, Recogniser]) -> Batching:
    each = [recogniser.batching(request.batch_size) for recogniser in recognisers.values()]
    return common_batching(each)


def _matrix(
    request: EvaluateRequest,
    checkpoints: dict[str, Checkpoint],
    evaluations: dict[str, Evaluation],
) -> Matrix:
    first, last = next(iter(evaluations)), next(reversed(evaluations))
    condition = clean_condition(evaluations[last], evaluations[last].corpus)
    return Matrix(
        title=f"{last} on {condition.corpus}",
        artefacts={name: _note(found) for name, found in checkpoints.items()},
        conditions=(condition,),
        evaluations={(name, condition.name): found for name, found in evaluations.items()},
        baseline=None if request.baseline is None else first,
    )


def _note(checkpoint: Checkpoint) -> ArtefactNote:
    """What the artefact's manifest says of its compression; fp32 for a plain checkpoint."""
    manifest = checkpoint.manifest
    if manifest is None:
        return ArtefactNote()
    return ArtefactNote(
        compression=manifest.label,
        methods=tuple({"method": step.method, **step.params} for step in manifest.steps),
        sparsity=manifest.ledger.sparsity,
    )


def _costs(
    request: EvaluateRequest,
    corpus: Corpus,
    checkpoints: dict[str, Checkpoint],
    batching: Batching,
    speed: SpeedTable | None,
) -> dict[str, Cost]:
    """Every model's cost, from the run that measured speed where there was one."""
    if speed is not None:
        return {name: cost_of(speed.speeds[name]) for name in checkpoints}
    options = CostOptions(
        device=request.device,
        threads=request.threads,
        batch_size=request.batch_size,
        max_batch_s=request.max_batch_s,
        batching=batching,
        seed=request.seed,
        trust_remote_code=request.trust_remote_code,
        language=request.language,
        chunk_s=request.chunk_s,
        dtype=dtype_of(request.dtype),
        compile=request.compile,
    )
    heard = referenced(corpus)
    return {name: measure_cost(found.model, heard, options) for name, found in checkpoints.items()}


def _speed(
    request: EvaluateRequest,
    corpus: Corpus,
    timed: dict[str, Checkpoint],
    baseline: str | None,
    progress: Progress,
) -> SpeedTable | None:
    if request.speed is None:
        return None
    job = SpeedJob(
        checkpoints=timed,
        corpus=referenced(corpus),
        baseline=baseline,
        how=_how(request),
        batch_size=request.batch_size,
        chunk_s=request.chunk_s,
        seed=request.seed,
    )
    return measure_speed(job, request.speed, progress)
