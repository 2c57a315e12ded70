"""How a page is made of templates: everything escaped, nothing undefined, no control characters."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from asrcompress.report import wording

_KEPT = "\n\u200c\u200d"  # Persian and Indic words are written with the joiners


def page_environment() -> Environment:
    """The templates' environment, with the filters for numbers that all pages need."""
    environment = Environment(
        loader=PackageLoader("asrcompress.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_visible,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "percent": wording.percent,
        "megabytes": wording.megabytes,
        "times": wording.times,
        "number": wording.number,
    }
    return environment


def _visible(value: Any) -> Any:
    """A text without control characters, which would act where the page is read as text."""
    if type(value) is not str:  # what a macro made is markup already
        return value
    return "".join(
        char if char.isprintable() or char in _KEPT else " " if char.isspace() else "\ufffd"
        for char in value
    )
