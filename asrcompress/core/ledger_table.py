"""ledgers.json: what became of every tensor of every artefact of an audit."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from asrcompress.core.files import read_json
from asrcompress.core.ledger import Ledger
from asrcompress.core.manifest import ArtefactManifest
from asrcompress.core.validation import validated

LEDGERS_NAME = "ledgers.json"


class LedgerTable(BaseModel):
    """Ledgers by artefact, without the layers' analyses; originals have none."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1] = 1
    ledgers: dict[str, Ledger] = Field(default_factory=dict)


def ledger_table(manifests: Mapping[str, ArtefactManifest]) -> LedgerTable:
    """The ledgers of artefacts by name; what was measured to decide stays in their manifests."""
    return LedgerTable(
        ledgers={name: _without_analyses(one.ledger) for name, one in manifests.items()}
    )


def read_ledgers(path: Path) -> LedgerTable | None:
    """The ledgers beside the results at a file or in its folder; None where there are none.

    Raises:
        InputError: the file is there but does not have its form.
    """
    folder = path if path.is_dir() else path.parent
    file = folder / LEDGERS_NAME
    if not file.is_file():
        return None
    return validated(LedgerTable, read_json(file), where=file, next_step="run the audit again")


def _without_analyses(ledger: Ledger) -> Ledger:
    rows = (row.model_copy(update={"analysis": None}) for row in ledger.rows)
    return ledger.model_copy(update={"rows": tuple(rows)})
