"""The options of compression methods, as the methods themselves declare them.

A new method's file brings its own options; nothing here knows their names.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

import typer

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo


def extended(command: Callable[..., None]) -> Callable[..., None]:
    """The command with an option for every parameter of every method in place of its keywords."""
    added = _method_parameters()
    signature = inspect.signature(command, eval_str=True)
    own = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
    first, *others = (p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own)
    parameters = [first, *added, *others]

    @functools.wraps(command)
    def wrapped(**arguments: Any) -> None:
        command(**arguments)

    setattr(wrapped, "__signature__", signature.replace(parameters=parameters))  # noqa: B010
    wrapped.__annotations__ = {p.name: p.annotation for p in parameters}
    return wrapped


def _method_parameters() -> list[inspect.Parameter]:
    from asrcompress.compress import options_by_group

    return [
        _parameter(name, field, group)
        for group, fields in options_by_group().items()
        for name, field in fields.items()
    ]


def _parameter(name: str, field: FieldInfo, group: str) -> inspect.Parameter:
    option = typer.Option(
        "--" + name.replace("_", "-"),
        help=field.description,
        metavar=_choices(field.annotation),
        show_default=_default(field),
        rich_help_panel=group.capitalize(),
    )
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[_plain_type(field.annotation) | None, option],
    )


def _choices(annotation: Any) -> str | None:
    """The values that there are, where they are few."""
    if get_origin(annotation) is not Literal:
        return None
    return "|".join(map(str, get_args(annotation)))


def _default(field: FieldInfo) -> str | bool:
    """What holds where the method is chosen and the option is not given; for the help alone."""
    is_plain = isinstance(field.default, str | int | float)
    return str(field.default) if is_plain and not isinstance(field.default, bool) else False


def _plain_type(annotation: Any) -> Any:
    """The type that the command line parses; the method checks the rest."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return type(arguments[0])
    if origin is tuple:  # an option that may be given more than once
        return list[_plain_type(arguments[0])]  # type: ignore[misc]
    if origin in (Union, UnionType):
        kinds = [kind for kind in arguments if kind is not NoneType]
        return str if str in kinds else _plain_type(kinds[0])
    return annotation
