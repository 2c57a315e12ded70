"""A paper's figures as the recipe gives them, in the form of results."""

from __future__ import annotations

from asrcompress.audit.recipe import Recipe
from asrcompress.core.results import Published, PublishedFigure


def published_of(recipe: Recipe) -> Published | None:
    """The figures with their rates as fractions; None where the recipe has none."""
    table = recipe.published
    if table is None:
        return None
    figures = tuple(
        PublishedFigure(wer=row.wer_percent / 100, **row.model_dump(exclude={"wer_percent"}))
        for row in table.figures
    )
    return Published(paper=table.paper, figures=figures, differences=tuple(table.differences))
