"""The floating-point types that a model's matrix products may be computed in."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import BeforeValidator

from asrcompress.core.errors import InputError
from asrcompress.core.registry import expected_one_of

Dtype = Literal["float32", "bfloat16", "float16"]
FLOAT32: Dtype = "float32"
DTYPES: tuple[Dtype, ...] = get_args(Dtype)
ALIASES: dict[str, Dtype] = {"fp32": "float32", "bf16": "bfloat16", "fp16": "float16"}


def dtype_of(name: str) -> Dtype:
    """The type of a name or of its short form, for example bf16.

    Raises:
        InputError: neither.
    """
    for dtype in DTYPES:
        if ALIASES.get(name, name) == dtype:
            return dtype
    raise InputError(
        "bad dtype", got=repr(name), expected=expected_one_of(name, (*DTYPES, *ALIASES))
    )


def _in_full(value: object) -> object:
    return ALIASES.get(value, value) if isinstance(value, str) else value


NamedDtype = Annotated[Dtype, BeforeValidator(_in_full)]
"""A Dtype that a file may give by its short form."""
