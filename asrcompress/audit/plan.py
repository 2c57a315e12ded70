"""The plan of an audit: which artefacts, corpora and cells there are, and which are done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from asrcompress.audit.artefacts import artefact_jobs, model_versions
from asrcompress.audit.cache import CELL_VERSION, DIGESTS_NAME, Cache
from asrcompress.audit.conditions import conditions_of
from asrcompress.audit.jobs import ArtefactJob, Cell, ConditionJob, Machine
from asrcompress.audit.listening import Listening, plan_listening
from asrcompress.audit.recipe import LoadedRecipe, Recipe
from asrcompress.audit.soundness import has_artefact, has_corpus
from asrcompress.core.corpus import Corpus
from asrcompress.core.digests import Digests
from asrcompress.core.errors import InputError
from asrcompress.core.files import is_whole_json, sha256_of_json
from asrcompress.core.precision import FLOAT32
from asrcompress.core.registry import expected_one_of
from asrcompress.core.utterance import Utterance


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything an audit will do, with what it can take from the cache."""

    name: str
    recipe: Recipe
    corpus: Corpus
    corpus_sha256: str
    artefacts: tuple[ArtefactJob, ...]
    conditions: tuple[ConditionJob, ...]
    cells: tuple[Cell, ...]
    cache: Cache
    machine: Machine
    listening: Listening
    digests: Digests

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be said beside the results."""
        return self.listening.notes

    @property
    def single_baseline(self) -> str | None:
        """The one baseline of the matrix; None where every model has its own."""
        baselines = {job.baseline for job in self.artefacts if job.baseline is not None}
        return baselines.pop() if len(baselines) == 1 else None

    @property
    def noise(self) -> Path | None:
        """The folder of noises; None for built-in ones."""
        noise = self.recipe.conditions.noise
        return Path(noise.folder) if noise and noise.folder else None

    @property
    def rir(self) -> Path | None:
        """The folder of impulse responses; None for simulated rooms."""
        rooms = self.recipe.conditions.rooms
        return Path(rooms.folder) if rooms and rooms.folder else None

    def missing_artefacts(self) -> list[ArtefactJob]:
        """Those still to be compressed, each once, and after those it depends on."""
        missing = {
            job.key: job
            for job in self.artefacts
            if not job.is_original and not has_artefact(self.cache.artefact(job.key))
        }
        return sorted(missing.values(), key=lambda job: job.turn)

    def missing_conditions(self) -> list[ConditionJob]:
        """Those whose corpus is still to be written."""
        return [
            job
            for job in self.conditions
            if not job.condition.is_clean and not has_corpus(self.cache.corpus(job.key))
        ]

    def missing_cells(self) -> list[Cell]:
        """Those still to be recognised, each once though a model has two names.

        A cell is there where its whole file is; what is in it is read when it is scored.
        """
        every = {cell.key: cell for cell in self.cells}
        return [cell for key, cell in every.items() if not is_whole_json(self.cache.cell(key))]

    def sha256_of(self, corpus: Corpus) -> str:
        """The hash of a corpus; audio that is as it was when last hashed is not read again."""
        return corpus.sha256(self.digests.sha256)

    def cost_key(self, job: ArtefactJob) -> str:
        """What a cost depends on beside the machine itself."""
        from asrcompress.evaluate import COST_VERSION

        return sha256_of_json(
            [
                COST_VERSION,
                job.key,
                self.corpus_sha256,
                self.machine.device,
                self.machine.threads,
                self.machine.dtype,
                self.machine.compile,
                self.recipe.evaluate.batch_size,
                self.recipe.evaluate.language,
                self.recipe.evaluate.chunk_s,
                self.recipe.evaluate.cost_rounds,
                *model_versions(),
            ]
        )


def make_plan(
    loaded: LoadedRecipe, cache: Cache, machine: Machine, *, seed: int | None = None
) -> Plan:
    """The plan of a recipe: every model located and hashed, every corpus key derived.

    Raises:
        AsrcompressError: a model, the corpus, or a noise or room folder cannot be used.
    """
    from asrcompress.core.corpus import read_corpus

    recipe = loaded.recipe if seed is None else loaded.recipe.model_copy(update={"seed": seed})
    corpus = read_corpus(recipe.corpus, format_name=recipe.format)
    _check_columns(recipe, corpus)
    _check_tables(recipe, corpus)
    digests = Digests(cache.folder / DIGESTS_NAME)
    corpus_sha256 = corpus.sha256(digests.sha256)
    listening = plan_listening(recipe, corpus)
    artefacts = artefact_jobs(recipe, listening, digests)
    _check_runtimes(artefacts, machine)
    conditions = _conditions(recipe, corpus, corpus_sha256)
    cells = tuple(
        Cell(artefact, condition, _cell_key(artefact, condition, recipe, machine))
        for artefact in artefacts
        for condition in conditions
    )
    digests.save()
    return Plan(
        loaded.name,
        recipe,
        corpus,
        corpus_sha256,
        artefacts,
        conditions,
        cells,
        cache,
        machine,
        listening,
        digests,
    )


def _check_runtimes(artefacts: Iterable[ArtefactJob], machine: Machine) -> None:
    """What other runtimes than PyTorch need is here, and nothing is asked of them that is its."""
    from asrcompress.compress.export import check_installed

    exported = [job for job in artefacts if job.options.runtime != "torch"]
    if exported and (machine.dtype != FLOAT32 or machine.compile):
        raise InputError(
            "dtype and compile are PyTorch's, which does not compute every model of the recipe",
            got=f"{exported[0].compression}: runtime {exported[0].options.runtime}",
            next_step="leave them out, or audit such models apart",
        )
    for runtime in dict.fromkeys(job.options.runtime for job in exported):
        check_installed(runtime)


def _check_columns(recipe: Recipe, corpus: Corpus) -> None:
    """Subgroups are columns of the corpus itself, so that every condition has them."""
    known = {name for utterance in corpus.utterances for name in utterance.fields} | {"speaker"}
    for name in recipe.evaluate.by:
        if name not in known:
            raise InputError(
                "no such column to break results down by",
                where=recipe.corpus,
                got=repr(name),
                expected=expected_one_of(name, known),
            )


def _check_tables(recipe: Recipe, corpus: Corpus) -> None:
    """What a table wants of a subgroup's values is in the corpus; else it would be empty."""
    conditions = [condition.name for condition in conditions_of(recipe)]
    for table in recipe.tables:
        if table.by is None:
            continue
        values = {_value_of(utterance, table.by) for utterance in corpus.utterances}
        known = [*sorted(values), *conditions]
        for name in table.data:
            if name not in known:
                raise InputError(
                    f"no such {table.by} for the table {table.title!r}",
                    where=recipe.corpus,
                    got=repr(name),
                    expected=expected_one_of(name, known),
                )


def _value_of(utterance: Utterance, field: str) -> str:
    """The value as results name it."""
    from asrcompress.evaluate.groups import NO_VALUE, SPEAKER

    value = utterance.speaker if field == SPEAKER else utterance.fields.get(field)
    return NO_VALUE if value in (None, "") else str(value)


def _cell_key(
    artefact: ArtefactJob, condition: ConditionJob, recipe: Recipe, machine: Machine
) -> str:
    return sha256_of_json(
        [
            CELL_VERSION,
            artefact.key,
            condition.key,
            recipe.evaluate.batch_size,
            recipe.evaluate.language,
            recipe.evaluate.chunk_s,
            machine.device,
            machine.threads,
            machine.dtype,
            machine.compile,
            *model_versions(),
        ]
    )


def _conditions(recipe: Recipe, corpus: Corpus, corpus_sha256: str) -> tuple[ConditionJob, ...]:
    from asrcompress.corrupt import corpus_key, open_libraries

    noise, rooms = recipe.conditions.noise, recipe.conditions.rooms
    noise_folder = Path(noise.folder) if noise and noise.folder else None
    rir_folder = Path(rooms.folder) if rooms and rooms.folder else None
    conditions = conditions_of(recipe)
    if all(condition.is_clean for condition in conditions):
        return tuple(ConditionJob(condition, corpus_sha256) for condition in conditions)
    libraries = open_libraries(corpus, noise_folder, rir_folder)
    return tuple(
        ConditionJob(
            condition,
            corpus_sha256
            if condition.is_clean
            else corpus_key(corpus, corpus_sha256, condition, libraries, "flac"),
        )
        for condition in conditions
    )
