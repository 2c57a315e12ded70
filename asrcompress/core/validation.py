"""From a JSON value to one of our types, or one line that says which part does not fit."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from asrcompress.core.errors import InputError

Form = TypeVar("Form", bound=BaseModel)


def validated(form: type[Form], value: Any, *, where: object, next_step: str) -> Form:
    """The value as that type.

    Raises:
        InputError: it is not of that form; the first part that does not fit is named.
    """
    try:
        return form.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise InputError(
            f"not asrcompress {form.__name__}",
            where=where,
            got=f"{place}: {first['msg']}" if place else first["msg"],
            next_step=next_step,
        ) from None
