"""asrcompress schema: the JSON Schema of a file that the program writes or reads."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from asrcompress.cli import options
from asrcompress.cli.options import Debug

EXAMPLES = options.examples(
    "asrcompress schema results > results.schema.json",
    "asrcompress schema recipe",
)
# The form of each file: its module and class. They are imported when asked for.
_FORMS = {
    "results": ("asrcompress.core.results", "Results"),
    "printed": ("asrcompress.report.formats.json", "PrintedResults"),
    "cost": ("asrcompress.core.results", "CostTable"),
    "speed": ("asrcompress.core.speed", "SpeedTable"),
    "gates": ("asrcompress.core.gates", "GateTable"),
    "ledgers": ("asrcompress.core.ledger_table", "LedgerTable"),
    "errors": ("asrcompress.core.error_table", "ErrorTable"),
    "artefact": ("asrcompress.core.manifest", "ArtefactManifest"),
    "recipe": ("asrcompress.audit.recipe", "Recipe"),
    "gates-file": ("asrcompress.audit.gates.gates", "Gates"),
    "gate-baseline": ("asrcompress.audit.gates.baseline", "Baseline"),
}


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command(name="schema", epilog=EXAMPLES)(schema)


def schema(
    form: Annotated[str, typer.Argument(help=f"{', '.join(_FORMS)}.")],
    debug: Debug = False,  # noqa: ARG001 - the boundary looks for it
) -> None:
    """Print the JSON Schema of a file: results, costs, speeds, errors, an artefact or a recipe.

    printed: of the results as --json and report --format json print them.
    """
    from importlib import import_module

    from asrcompress.cli import console
    from asrcompress.core.errors import InputError
    from asrcompress.core.registry import expected_one_of

    if form not in _FORMS:
        raise InputError("no such form", got=repr(form), expected=expected_one_of(form, _FORMS))
    module, name = _FORMS[form]
    mode: Literal["validation", "serialization"]
    mode = "serialization" if form == "printed" else "validation"  # derived values are in it
    described = getattr(import_module(module), name).model_json_schema(mode=mode)
    console.show_json({"$schema": "https://json-schema.org/draft/2020-12/schema", **described})
