"""What compression broke in the made-up matrix of wild.py."""

from __future__ import annotations

from asrcompress.core.error_table import AlignedWord, CellErrors, Confusion, ErrorTable, Flip


def flip(identifier: str, reference: str, hypothesis: str, marks: str) -> Flip:
    """A flip from words in step: marks has one of = s d i for every place of the alignment."""
    said, heard = iter(reference.split()), iter(hypothesis.split())
    operations = {"=": "equal", "s": "substitute", "d": "delete", "i": "insert"}
    alignment = tuple(
        AlignedWord.model_validate(
            {
                "operation": operations[mark],
                "reference": None if mark == "i" else next(said),
                "hypothesis": None if mark == "d" else next(heard),
            }
        )
        for mark in marks
    )
    wrong = sum(mark != "=" for mark in marks)
    return Flip(
        id=identifier, text=reference, pred_text=hypothesis, errors=wrong, alignment=alignment
    )


def errors() -> ErrorTable:
    """What int8 and prune30 of the robust model broke, under two conditions."""
    short = flip(
        "1089-134686-0003", "he hoped there would be stew", "he hope there be stew too", "=s=d==i"
    )
    long = flip(
        "121-127105-0021",
        "the quick brown fox jumps over the lazy dog while the cat looks on " * 4,
        "the quick brown fox jumps over the crazy dog while a cat looks on " * 4,
        "=======s==s===" * 4,
    )
    other = flip("ja-17/é ü", "le café était fermé", "le caffè fermé", "=sd=")
    confusions = (
        Confusion(reference="the", hypothesis="a", count=17, baseline_count=4),
        Confusion(reference="in", hypothesis=None, count=9, baseline_count=1),
        Confusion(reference=None, hypothesis="and", count=5, baseline_count=3),
    )
    many = tuple(short.model_copy(update={"id": f"1089-134686-{index:04}"}) for index in range(12))
    return ErrorTable(
        cells=(
            CellErrors(
                artefact="robust/int8",
                condition="clean",
                baseline="robust/fp32",
                flips_total=2,
                recoveries_total=1,
                flips=(other, short),
                confusions=confusions[2:],
            ),
            CellErrors(
                artefact="robust/int8",
                condition="room-small",
                baseline="robust/fp32",
                flips_total=0,
                recoveries_total=0,
            ),
            CellErrors(
                artefact="robust/prune30",
                condition="noise-babble-0dB",
                baseline="robust/fp32",
                flips_total=31,
                recoveries_total=2,
                flips=(long, *many),
                confusions=confusions,
            ),
        )
    )
