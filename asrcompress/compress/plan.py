"""From flat options, as command line and recipes give them, to methods with parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from asrcompress.compress.method import all_methods, method_of
from asrcompress.core.checkpoint.locate import name_of
from asrcompress.core.errors import InputError
from asrcompress.core.manifest import MethodStep
from asrcompress.core.registry import expected_one_of

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

UNCOMPRESSED = "fp32"


def options() -> dict[str, FieldInfo]:
    """Every option of every method by name, methods in their order."""
    return {
        name: field
        for method in all_methods().values()
        for name, field in method.Params.model_fields.items()
    }


def steps_from(given: Mapping[str, Any]) -> tuple[MethodStep, ...]:
    """The steps that options such as {"prune": 0.3, "bits": 8} ask for; None is not given.

    Raises:
        InputError: an unknown option, one whose method was not asked for, or a value out of
            bounds.
    """
    left = {name: value for name, value in given.items() if value is not None}
    _refuse_unknown(left)
    steps = []
    for name, method in all_methods().items():
        mine = {field: left[field] for field in method.Params.model_fields if field in left}
        if method.TRIGGER in mine:
            steps.append(MethodStep(method=name, params=_checked(method.Params, mine)))
        elif mine:
            raise InputError(
                f"option {next(iter(mine))!r} needs {method.TRIGGER!r}",
                next_step=f"add {method.TRIGGER}, or leave {next(iter(mine))} out",
            )
    return tuple(steps)


def label_of(steps: Sequence[MethodStep]) -> str:
    """The name of a compression, for example prune30-global-int8; fp32 for none."""
    labels = []
    for step in steps:
        method = method_of(step.method)
        labels.append(method.label(method.Params.model_validate(step.params)))
    return "-".join(labels) or UNCOMPRESSED


def default_output(model: str | Path, steps: Sequence[MethodStep]) -> Path:
    """Where an artefact goes if nobody says: in the current folder, named model-compression."""
    return Path(f"{name_of(model)}-{label_of(steps)}")


def _refuse_unknown(given: Mapping[str, Any]) -> None:
    known = options()
    for name in given:
        if name not in known:
            raise InputError(
                "unknown compression option", got=repr(name), expected=expected_one_of(name, known)
            )


def _checked(params: type[Any], values: dict[str, Any]) -> dict[str, Any]:
    try:
        checked: dict[str, Any] = params.model_validate(values).model_dump()
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        raise InputError(
            f"option {name!r} cannot be used",
            got=repr(first["input"]),
            expected=_bounds(params.model_fields[name], first["msg"]),
        ) from None
    return checked


def _bounds(field: FieldInfo, message: str) -> str:
    choices = getattr(field.annotation, "__args__", None)
    if choices:
        return f"one of {', '.join(map(str, choices))}"
    return message.removeprefix("Input should be ")
