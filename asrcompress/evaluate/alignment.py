"""Which word stands against which: the words behind the counts, by the same alignment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from asrcompress.core.error_table import AlignedWord, Operation

if TYPE_CHECKING:
    from jiwer import AlignmentChunk, WordOutput

WordPair = tuple[str | None, str | None]  # reference and hypothesis; None where there is no word
_Place = tuple[Operation, str | None, str | None]


def aligned_words(reference: str, hypothesis: str) -> tuple[AlignedWord, ...]:
    """The alignment of two normalised texts, one entry a word.

    Substitutions, deletions and insertions are as many as `word_counts` gives for the pair.
    """
    return tuple(_aligned_word(*place) for place in _places(align([reference], [hypothesis])))


def confusions(references: Sequence[str], hypotheses: Sequence[str]) -> Counter[WordPair]:
    """How often each word was taken for another, left out or put in, over pairs of texts."""
    return confusions_in(align(references, hypotheses))


def confusions_in(output: WordOutput | None) -> Counter[WordPair]:
    """As `confusions`, of texts that are aligned already."""
    return Counter(
        (said, heard) for operation, said, heard in _places(output) if operation != "equal"
    )


def align(references: Sequence[str], hypotheses: Sequence[str]) -> WordOutput | None:
    """The alignments of pairs of texts; None where there are none."""
    import jiwer

    if not references:
        return None
    return jiwer.process_words(_tidied(references), _tidied(hypotheses))


def sides_of(
    output: WordOutput | None,
) -> Iterable[tuple[Sequence[AlignmentChunk], Sequence[str], Sequence[str]]]:
    """Each pair's alignment with its reference's and its hypothesis's words."""
    if output is None:
        return ()
    return zip(output.alignments, output.references, output.hypotheses, strict=True)


def _places(output: WordOutput | None) -> Iterator[_Place]:
    """The places of all pairs' alignments, one after the other."""
    for chunks, reference, hypothesis in sides_of(output):
        for chunk in chunks:
            yield from _words(chunk, reference, hypothesis)


@lru_cache(maxsize=1 << 14)
def _aligned_word(operation: Operation, said: str | None, heard: str | None) -> AlignedWord:
    """One object for the same words: they come back in the flips of a thousand cells."""
    return AlignedWord(operation=operation, reference=said, hypothesis=heard)


def _tidied(texts: Sequence[str]) -> list[str]:
    """Words end at any Unicode white space; jiwer knows the plain space alone."""
    return [" ".join(text.split()) for text in texts]


def _words(
    chunk: AlignmentChunk, reference: Sequence[str], hypothesis: Sequence[str]
) -> Iterator[_Place]:
    """The places of a chunk: as many words on both sides, or all on one side."""
    said = reference[chunk.ref_start_idx : chunk.ref_end_idx]
    heard = hypothesis[chunk.hyp_start_idx : chunk.hyp_end_idx]
    operation: Operation = chunk.type  # type: ignore[assignment]  # jiwer checks it
    for place in range(max(len(said), len(heard))):
        yield operation, said[place] if said else None, heard[place] if heard else None
