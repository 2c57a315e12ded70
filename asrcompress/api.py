"""The Python interface: one function a command, with the command's options as arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

if TYPE_CHECKING:
    import torch

    from asrcompress.audit.request import AuditOutcome
    from asrcompress.core.artefact import Artefact
    from asrcompress.core.checkpoint import LoadedModel
    from asrcompress.core.corpus import Corpus
    from asrcompress.core.diagnosis import Diagnosis
    from asrcompress.core.gates import GateTable
    from asrcompress.corrupt import CorruptResult
    from asrcompress.evaluate import Outcome


def compress(
    model: str | Path | torch.nn.Module,
    output: str | Path | None = None,
    *,
    audio: str | Path | None = None,
    calibration_snr_db: Sequence[float] = (5.0,),
    augment_noise: str | Path | None = None,
    augment_rir: str | Path | None = None,
    device: str | None = None,
    checkpoint_steps: int | None = None,
    explain: bool = False,
    overwrite: bool = False,
    seed: int = 0,
    revision: str | None = None,
    trust_remote_code: bool = False,
    measure_zip: bool = True,
    **options: Any,
) -> Artefact:
    """A smaller checkpoint of MODEL, for example `compress("my-model", bits=8, prune=0.3)`.

    model: a hub id, a folder, or any module in memory, which stays as it is; `output` is needed
    for one, and `load(output, into=module)` brings the result back. audio: a corpus, transcribed
    or not, that `method="structured"` and "distill" train on, and that `mixed=True` and
    `runtime="openvino"` measure on, clean and with noise at calibration_snr_db. augment_noise,
    augment_rir: folders of noises and impulse responses to train with; built-in ones without.
    device: where to train; a GPU if there is one. checkpoint_steps: how often a training is saved,
    to be resumed by the same call after an interruption; 500. explain: put an analysis of each
    layer into the ledger. measure_zip: measure zipped sizes, which takes a while. `options` are the
    command's method options; without `output` the folder is named after the model and the methods,
    in the current folder.

    Raises:
        AsrcompressError: the model, an option or the output cannot be used.
    """
    from asrcompress.audit.temporary import Recordings, listening_to
    from asrcompress.compress import CompressRequest, read_options, run

    recordings = Recordings(
        audio=audio,
        calibration_snr=tuple(calibration_snr_db),
        augment_noise=None if augment_noise is None else Path(augment_noise),
        augment_rir=None if augment_rir is None else Path(augment_rir),
        device=device,
        checkpoint_steps=checkpoint_steps,
        seed=seed,
    )
    chosen = read_options(options)
    with listening_to(recordings, chosen) as heard:
        return run(
            CompressRequest(
                model=str(model) if isinstance(model, str | Path) else model,
                options=chosen,
                output=None if output is None else Path(output),
                audio=heard.calibration,
                training=heard.training,
                place=heard.place,
                explain=explain,
                seed=seed,
                overwrite=overwrite,
                revision=revision,
                trust_remote_code=trust_remote_code,
                measure_zip=measure_zip,
            )
        )


def corrupt(
    corpus: str | Path | Corpus,
    output: str | Path,
    *,
    snr_db: Sequence[float] = (),
    rooms: Sequence[str] = (),
    both: bool = False,
    effects: Sequence[str] = (),
    reference: str | None = None,
    seed: int = 0,
    **options: Any,
) -> CorruptResult:
    """Noisy, reverberant and coded versions of a corpus, one folder a condition.

    snr_db: levels in dB, against the speech's overall level, or with reference "active" against
    its active one (ITU-T P.56). rooms: small, medium, large. both: every room with every level
    besides. effects: further conditions as texts, like "noise:snr_db=10+opus:bitrate_kbps=12".
    `options` are further fields of CorruptRequest: noise, rir (folders), workers, overwrite, ...

    Raises:
        AsrcompressError: the corpus, a folder or the output cannot be used.
    """
    from asrcompress.corrupt import (
        CorruptRequest,
        condition_of,
        conditions_from,
        run,
        steps_from_text,
    )

    conditions = (
        *conditions_from(snr_db, rooms, both, reference=reference, seed=seed),
        *(condition_of(steps_from_text(text), seed) for text in effects),
    )
    return run(CorruptRequest(corpus=corpus, conditions=conditions, output=Path(output), **options))


def evaluate(
    model: str | Path,
    corpus: str | Path | Corpus,
    *,
    baseline: str | Path | None = None,
    **options: Any,
) -> Outcome:
    """WER, CER, size, speed and memory of a model on a corpus, against a baseline if given.

    `options` are further fields of EvaluateRequest: normaliser, by, margin, device, dtype
    ("bfloat16" or "float16" run PyTorch under autocast), compile (with torch.compile), ...

    Raises:
        AsrcompressError: the model or the corpus cannot be used, or nothing can be scored.
    """
    from asrcompress.evaluate import EvaluateRequest, run

    return run(
        EvaluateRequest(
            model=str(model),
            corpus=corpus,
            baseline=None if baseline is None else str(baseline),
            **options,
        )
    )


def rescore(
    source: str | Path,
    *,
    corpus: str | Path | None = None,
    baseline: str | Path | None = None,
    **options: Any,
) -> Outcome:
    """Stored hypotheses scored again without a model: a folder of results, or a file.

    `options` are further fields of RescoreRequest: normaliser, missing, margin, by, ...

    Raises:
        AsrcompressError: the hypotheses or references cannot be used.
    """
    from asrcompress.evaluate.rescore import RescoreRequest, run

    return run(
        RescoreRequest(
            source=Path(source),
            corpus=corpus,
            baseline=None if baseline is None else Path(baseline),
            **options,
        )
    )


def audit(
    recipe: str | Path,
    output: str | Path | None = None,
    *,
    settings: Mapping[str, Any] | None = None,
    **options: Any,
) -> AuditOutcome:
    """The whole matrix of a recipe (a file, or a shipped recipe's name), resumed and reported.

    settings: values of the recipe's parameters, as --set gives them. `options` are further fields
    of AuditRequest: device, seed, threads, workers, dtype, compile.

    Raises:
        AsrcompressError: the recipe, or anything it names, cannot be used.
    """
    from asrcompress.audit import AuditRequest, run

    return run(
        AuditRequest(
            recipe=str(recipe),
            settings=tuple(f"{key}={_as_yaml(value)}" for key, value in (settings or {}).items()),
            output=None if output is None else Path(output),
            **options,
        )
    )


def gate(
    results: str | Path, rules: str | Path, *, baseline: str | Path | None = None
) -> GateTable:
    """The results in a folder held to the rules of a gate file; `exit_code` sums them up.

    baseline: a committed baseline, in place of the file's own.

    Raises:
        AsrcompressError: the results, the rules or the baseline cannot be used.
    """
    from asrcompress.audit.gates import load_gate_file
    from asrcompress.audit.gates.stored import check_stored

    gates = load_gate_file(Path(rules), baseline=None if baseline is None else Path(baseline))
    found = check_stored(Path(results), gates).gates
    if found is None:
        raise ValueError("checked results without gates")
    return found


def doctor() -> Diagnosis:
    """What this machine has, and what to expect of 8- and 4-bit models on it.

    On a machine with a GPU it starts CUDA in this process.
    """
    from asrcompress.audit.diagnose import diagnose

    return diagnose()


@overload
def load(
    model: str | Path, *, device: str = "cpu", trust_remote_code: bool = False, into: None = None
) -> LoadedModel: ...


@overload
def load(model: str | Path, *, device: str = "cpu", into: torch.nn.Module) -> torch.nn.Module: ...


def load(
    model: str | Path,
    *,
    device: str = "cpu",
    trust_remote_code: bool = False,
    into: torch.nn.Module | None = None,
) -> LoadedModel | torch.nn.Module:
    """An artefact or a plain checkpoint as a module in eval mode with its processor.

    into: a module of the class that was compressed, for an artefact made from a module in memory;
    it is filled, and given back instead. Strict: a missing, extra or altered tensor is an error
    that names it.

    Raises:
        AsrcompressError: it cannot be found or is damaged.
    """
    from asrcompress.core.checkpoint import load as load_checkpoint
    from asrcompress.core.checkpoint import load_into

    if into is not None:
        return load_into(into, Path(model)).to(device)
    return load_checkpoint(model, device=device, trust_remote_code=trust_remote_code)


def _as_yaml(value: Any) -> str:
    """A setting as --set takes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
