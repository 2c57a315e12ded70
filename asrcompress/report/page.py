"""How a page is made of templates: everything escaped, nothing undefined, no control characters.

A page is one file: its style and its script stand in it, and its policy names both by their
hashes, so that nothing else can act, whatever a name or a transcript holds.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from asrcompress.report import wording

SCRIPTS = ("tables.js", "filters.js", "theme.js")
_KEPT = "\n\u200c\u200d"  # Persian and Indic words are written with the joiners
_HEADING = re.compile(r'<h2 id="([^"]+)">(.*?)</h2>', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Head:
    """What acts in a page: its style, its script, and the policy that lets nothing else do so."""

    style: Markup
    script: Markup

    @property
    def policy(self) -> Markup:
        """A Content-Security-Policy (CSP level 3) for a `meta` element."""
        parts = (
            "default-src 'none'",
            f"style-src {_source_hash(self.style)}",
            f"script-src {_source_hash(self.script)}",
            "img-src data:",
            "media-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        )
        return Markup("; ".join(parts))  # its quotes are part of it, and stand in double ones


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
        "headings": _headings,
    }
    return environment


def page_head(environment: Environment, styles: Sequence[str]) -> Head:
    """The head with those style sheets of the templates' folder, and the script of all pages."""
    return Head(_sources(environment, styles), _sources(environment, SCRIPTS))


def _sources(environment: Environment, names: Iterable[str]) -> Markup:
    """The files one after the other; they are the package's own, so nothing is escaped."""
    loader = PackageLoader("asrcompress.report", "templates")
    return Markup("\n".join(loader.get_source(environment, name)[0] for name in names))


def _source_hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _headings(body: Markup) -> list[tuple[Markup, Markup]]:
    """The sections of a page's body as (id, title), both escaped already, for its contents."""
    return [(Markup(name), Markup(title)) for name, title in _HEADING.findall(body)]


def _visible(value: Any) -> Any:
    """A text without control characters, which would act where the page is read as text."""
    if type(value) is not str:  # what a macro made is markup already
        return value
    return "".join(
        char if char.isprintable() or char in _KEPT else " " if char.isspace() else "\ufffd"
        for char in value
    )
