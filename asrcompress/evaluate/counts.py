"""Error counts of one reference and one hypothesis: integers, so that they add exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asrcompress.core.evaluation import ErrorCounts

if TYPE_CHECKING:
    from jiwer import CharacterOutput, WordOutput


def word_counts(reference: str, hypothesis: str) -> ErrorCounts:
    """Word errors of a pair by minimum edit distance; words end at any Unicode white space.

    Every word of a hypothesis on an empty reference is an insertion.
    """
    import jiwer

    said, heard = reference.split(), hypothesis.split()
    if said == heard:
        return ErrorCounts(n=len(said))
    return _from_jiwer(jiwer.process_words(" ".join(said), " ".join(heard)))


def char_counts(reference: str, hypothesis: str) -> ErrorCounts:
    """Character errors of a pair: code points, the single space between words among them."""
    import jiwer

    said, heard = _tidy(reference), _tidy(hypothesis)
    if said == heard:
        return ErrorCounts(n=len(said))
    return _from_jiwer(jiwer.process_characters(said, heard))


def _tidy(text: str) -> str:
    return " ".join(text.split())


def _from_jiwer(output: WordOutput | CharacterOutput) -> ErrorCounts:
    return ErrorCounts(
        s=output.substitutions,
        d=output.deletions,
        i=output.insertions,
        n=output.hits + output.substitutions + output.deletions,
    )
