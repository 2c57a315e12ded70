"""Gates held against results that are in a folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from asrcompress.audit.gates.baseline import Baseline, baseline_of
from asrcompress.audit.gates.check import LoadedGates, check
from asrcompress.audit.gates.of_recipe import expected_at
from asrcompress.core.evaluation import Evaluation
from asrcompress.core.files import to_json, write_text
from asrcompress.core.findings import Findings, read_findings
from asrcompress.core.gates import GATES_NAME, GateTable

Cell = tuple[str, str]


@dataclass(slots=True)
class StoredEvaluations(Mapping[Cell, Evaluation]):
    """The evaluations of a results' folder, read when the first one is asked for."""

    folder: Path
    _read: dict[Cell, Evaluation] | None = field(default=None, repr=False)

    @classmethod
    def at(cls, results: Path) -> StoredEvaluations:
        """Of the folder, or of the one that a results.json is in."""
        return cls(results if results.is_dir() else results.parent)

    def _every(self) -> dict[Cell, Evaluation]:
        from asrcompress.evaluate.stored import read_stored

        if self._read is None:
            self._read = dict(read_stored(self.folder).evaluations)
        return self._read

    def __getitem__(self, cell: Cell) -> Evaluation:
        return self._every()[cell]

    def __iter__(self) -> Iterator[Cell]:
        return iter(self._every())

    def __len__(self) -> int:
        return len(self._every())


def check_stored(results: Path, gates: LoadedGates) -> Findings:
    """What is in a folder with its checks, in place of those it had.

    Raises:
        InputError: no results there, or files that do not belong together.
        NothingToEvaluateError: the results have not a single cell.
    """
    found = read_findings(results)
    table = check(found, StoredEvaluations.at(results), gates, expected_at(results))
    return replace(found, gates=table)


def write_gates(results: Path, gates: GateTable) -> Path:
    """Put the checks beside the results, where reports look for them; the file's place.

    Raises:
        OutputError: the folder cannot be written.
    """
    place = StoredEvaluations.at(results).folder / GATES_NAME
    write_text(place, to_json(gates.model_dump(mode="json")))
    return place


def baseline_at(results: Path, *, with_utterances: bool = False) -> Baseline:
    """What is to be committed of the results in a folder.

    Raises:
        InputError: no results there, or files that do not belong together.
    """
    evaluations = StoredEvaluations.at(results) if with_utterances else None
    return baseline_of(read_findings(results), evaluations)
