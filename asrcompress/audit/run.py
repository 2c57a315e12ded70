"""From a recipe to results: plan, fill the cache, score everything, write the report."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from asrcompress.audit import engines
from asrcompress.audit.cache import Cache, locked
from asrcompress.audit.failures import Failure, forget
from asrcompress.audit.gates.of_recipe import check_columns, gates_of_audit, with_gates
from asrcompress.audit.jobs import Machine
from asrcompress.audit.plan import Plan, make_plan
from asrcompress.audit.recipe import LoadedRecipe, shipped_recipes
from asrcompress.audit.recipe_text import load_recipe
from asrcompress.audit.request import AuditOutcome, AuditRequest
from asrcompress.audit.tasks import tasks_of
from asrcompress.audit.uses import PIECES_NAME, remove_pieces, remove_unreadable, write_pieces
from asrcompress.core.errors import IncompleteError, InputError, OutputError
from asrcompress.core.files import read_json, read_text, write_json
from asrcompress.core.output import check_output
from asrcompress.core.precision import dtype_of
from asrcompress.core.progress import Progress, silent
from asrcompress.core.registry import load_plugin
from asrcompress.report.folder import FILE_NAMES

if TYPE_CHECKING:
    from asrcompress.audit.assemble import Assembled

_LOG = logging.getLogger(__name__)
MARKER_NAME = "audit.json"
CACHE_NAME = "cache"
LOCAL = "local"


def plan_of(request: AuditRequest) -> Plan:
    """The plan of a request, nothing written.

    Raises:
        AsrcompressError: the recipe or something that it names cannot be used.
    """
    loaded = load_recipe(request.recipe, request.settings)
    gates = gates_of_audit(loaded, request.gate)
    plan = _plan(request, loaded, _folder(request, loaded))
    check_columns(gates, plan.corpus)
    return plan


def run(request: AuditRequest, progress: Progress = silent) -> AuditOutcome:
    """Do what is missing of an audit, and write its results into its folder.

    Raises:
        AsrcompressError: the recipe, something it names, or the output folder cannot be used.
    """
    from asrcompress.report import write

    _refuse_several()
    load_plugin(engines, request.engine)
    loaded = load_recipe(request.recipe, request.settings)
    gates = gates_of_audit(loaded, request.gate)
    folder = _folder(request, loaded)
    _refuse_foreign(folder, loaded)
    plan = _plan(request, loaded, folder)
    check_columns(gates, plan.corpus)
    with locked(folder):
        _begin(folder, loaded)
        plan.cache.prepare()
        plan.cache.remove_leftovers()
        _forget(plan, request)
        write_pieces(folder, plan)
        remove_unreadable(plan)
        found, failures, cells_run = _filled(plan, request, folder, progress)
        findings = with_gates(found.findings, found.evaluations, gates, plan.recipe)
        write(folder, findings, found.lines)
        progress("scoring", len(plan.cells), len(plan.cells))
    return AuditOutcome(
        folder=folder,
        plan=plan,
        findings=findings,
        evaluations=found.evaluations,
        cells_run=cells_run,
        cells_cached=len(plan.cells) - cells_run - len(plan.missing_cells()),
        failures=failures,
    )


def _filled(
    plan: Plan, request: AuditRequest, folder: Path, progress: Progress
) -> tuple[Assembled, tuple[Failure, ...], int]:
    """What a filled cache says, what could not be done for it, and how many cells were run.

    Scoring removes a cell that it cannot read; that one is run then.
    """
    from asrcompress.audit.assemble import assemble

    before = len(plan.missing_cells())
    failures = load_plugin(engines, request.engine).execute(plan, request, progress)
    left = len(plan.missing_cells())
    progress("scoring", 0, len(plan.cells))
    try:
        found = assemble(plan, failures, folder)
    except IncompleteError:
        if len(plan.missing_cells()) == left:
            raise
    else:
        if len(plan.missing_cells()) == left:
            return found, failures, before - left
    found, failures, run_again = _filled(plan, request, folder, progress)
    return found, failures, before - left + run_again


def recipe_titles() -> dict[str, tuple[str, str]]:
    """The shipped recipes: name to title and the command that runs each."""
    from asrcompress.audit.strict_yaml import parse

    titles = {}
    for name, path in shipped_recipes().items():
        text = read_text(path)
        command = text.partition("\n")[0].removeprefix("# ")
        titles[name] = (str(parse(text).value["title"]), command)
    return titles


def _folder(request: AuditRequest, loaded: LoadedRecipe) -> Path:
    return request.output or Path(f"audit-{loaded.name}")


def _cache(request: AuditRequest, folder: Path) -> Path:
    return folder / CACHE_NAME if request.cache is None else request.cache


def _forget(plan: Plan, request: AuditRequest) -> None:
    """Let the engine do again what the request asks for."""
    if request.rerun is None:
        return
    removed = remove_pieces(plan) if request.rerun == "all" else 0
    for task in tasks_of(plan):
        forget(plan, task.id)
    if removed and request.cache is not None:
        _LOG.warning(
            "removed %d pieces from %s; other audits that use them make them again",
            removed,
            plan.cache.folder,
        )


def _refuse_several() -> None:
    """Processes that train together would all write the same folder."""
    from asrcompress.compress.training import processes

    if processes.count() > 1:
        raise InputError(
            "an audit in several processes",
            got=f"{processes.count()} of them",
            next_step="train with compress in several processes, audit in one",
        )


def _plan(request: AuditRequest, loaded: LoadedRecipe, folder: Path) -> Plan:
    from asrcompress.evaluate.torch_options import check_device

    machine = _machine(request, loaded)
    if request.engine == LOCAL:  # the machines of a cluster may have what this one has not
        _refuse_cluster_options(request)
        check_device(machine.device, machine.dtype, compiled=machine.compile)
    cache = Cache(_cache(request, folder))
    cache.check()
    return make_plan(loaded, cache, machine, seed=request.seed)


def _refuse_cluster_options(request: AuditRequest) -> None:
    for option, value in (("--address", request.address), ("a URL as --cache", request.store)):
        if value is not None:
            raise InputError(f"{option} is for a cluster", got=value, next_step="add --engine ray")


def _machine(request: AuditRequest, loaded: LoadedRecipe) -> Machine:
    """As the request has it, and else as the recipe."""
    evaluation = loaded.recipe.evaluate
    return Machine(
        request.device,
        request.threads or max(1, _all_threads() // max(1, request.jobs)),
        dtype=evaluation.dtype if request.dtype is None else dtype_of(request.dtype),
        compile=request.compile or evaluation.compile,
    )


def _all_threads() -> int:
    import torch

    return int(torch.get_num_threads())


def _refuse_foreign(folder: Path, loaded: LoadedRecipe) -> None:
    """Only a new folder, an empty one, or one of this recipe's own may be written into."""
    if folder.is_dir():
        others = [path for path in folder.iterdir() if path.name != ".lock"]
        if others and not (folder / MARKER_NAME).is_file():
            raise OutputError(
                "output exists and is not an audit's",
                where=folder,
                expected=f"a new folder, or one with {MARKER_NAME} to resume",
                next_step="choose another with -o",
            )
        _refuse_other_recipe(folder, loaded)
        return
    check_output(folder)


def _refuse_other_recipe(folder: Path, loaded: LoadedRecipe) -> None:
    marker = folder / MARKER_NAME
    before = read_json(marker) if marker.is_file() else None
    if before is None:
        return
    found = before.get("name") if isinstance(before, dict) else None
    if found != loaded.name:
        raise OutputError(
            "output belongs to the audit of another recipe",
            where=folder,
            got=found,
            expected=loaded.name,
            next_step="choose another with -o",
        )


def _begin(folder: Path, loaded: LoadedRecipe) -> None:
    """Mark the folder as an audit's, with the recipe as it was filled in.

    Results of a recipe that has changed since are removed: what is there is never out of date.
    """
    marker = folder / MARKER_NAME
    recipe = loaded.recipe.model_dump(mode="json")
    described = {"schema_version": 1, "name": loaded.name, "recipe": recipe}
    if marker.is_file() and read_json(marker) != described:
        for name in (*FILE_NAMES, PIECES_NAME):
            (folder / name).unlink(missing_ok=True)
    write_json(marker, described)
