"""What is wrong with a recipe's compressions, and with the sections of audio beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from asrcompress.audit.compressions import (
    MEASURING,
    is_measured,
    is_trained,
    may_calibrate,
    options_of,
)
from asrcompress.audit.recipe import FROM, SAME_SIZE_AS
from asrcompress.audit.strict_yaml import Key
from asrcompress.audit.training_audio import training_params
from asrcompress.core.errors import AsrcompressError, InputError
from asrcompress.core.registry import expected_one_of

if TYPE_CHECKING:
    from asrcompress.compress import CompressOptions

_REFERENCES = (SAME_SIZE_AS, FROM)
_AUGMENTS = {"noise": ("noise", "both"), "rir": ("rooms", "both")}


@dataclass(slots=True)
class _Uses:
    """What the compressions seen so far listen to; augments: what training audio is put through."""

    calibration: bool = False
    training: bool = False
    augments: tuple[str, ...] = ()
    may_calibrate: bool = False

    @classmethod
    def everything(cls) -> _Uses:
        """All that can be, for what a compression with mistakes may have meant."""
        return cls(True, True, ("both",))

    def add(self, other: _Uses) -> None:
        self.calibration |= other.calibration
        self.training |= other.training
        self.augments += other.augments
        self.may_calibrate |= other.may_calibrate


def mistakes_of(document: Mapping[str, Any]) -> Iterator[tuple[Key, str]]:
    """Each mistake with its place: a compression, or a section that none of them needs."""
    compressions = document.get("compressions")
    if not isinstance(compressions, dict):
        return
    used = _Uses()
    for name, entry in compressions.items():
        if not isinstance(entry, dict):
            continue
        try:
            options = options_of(entry)
            _check_references(name, compressions)
            _check_from(entry, options, compressions)
            uses = _uses_of(options)
        except AsrcompressError as error:
            used.add(_Uses.everything())
            yield ("compressions", name), str(error)
            continue
        used.add(uses)
        for message in _missing_sections(uses, document):
            yield ("compressions", name), message
    yield from _idle_sections(used, document)


def _uses_of(options: CompressOptions) -> _Uses:
    from asrcompress.audit.augmentation import read_snr_range

    params = training_params(options)
    if params is None:
        return _Uses(is_measured(options), may_calibrate=may_calibrate(options))
    read_snr_range(params.augment_snr)
    return _Uses(
        is_measured(options),
        training=True,
        augments=(params.augment,),
        may_calibrate=may_calibrate(options),
    )


def _missing_sections(uses: _Uses, document: Mapping[str, Any]) -> Iterator[str]:
    if uses.calibration and document.get("calibration") is None:
        yield "measures on audio: needs the section calibration, like {corpus: PATH}"
    if uses.training and document.get("training") is None:
        yield "trains on audio: needs the section training, like {corpus: PATH}"


def _idle_sections(used: _Uses, document: Mapping[str, Any]) -> Iterator[tuple[Key, str]]:
    """Sections, and folders of noises and rooms to train with, that nothing listens to."""
    is_heard = used.calibration or used.may_calibrate
    if document.get("calibration") is not None and not is_heard:
        message = f"no compression measures on it; add one with {MEASURING}: true or a runtime"
        yield ("calibration",), message
    training = document.get("training")
    if training is None:
        return
    if not used.training:
        yield ("training",), "no compression trains on it; add one with method: structured"
        return
    for folder, augments in _AUGMENTS.items():
        is_given = isinstance(training, dict) and training.get(folder) is not None
        if is_given and not set(used.augments) & set(augments):
            message = f"no compression trains with it; add one with augment: {augments[0]}"
            yield ("training", folder), message


def _check_references(name: str, compressions: Mapping[str, Any]) -> None:
    """What it takes something of is there, is compressed, and does not wait for it in turn."""
    for option in _REFERENCES:
        if option in compressions[name]:
            _check_reference(option, name, compressions)
    circle = _find_circle((name,), compressions, set())
    if circle is not None:
        options = " and ".join(_options_on(circle, compressions))
        raise InputError(f"{options} in a circle", got=" -> ".join(circle))


def _check_reference(option: str, name: str, compressions: Mapping[str, Any]) -> None:
    reference = compressions[name][option]
    if not isinstance(reference, str):
        raise InputError(f"bad {option}", got=repr(reference), expected="a compression's name")
    if reference not in compressions:
        others = [one for one in compressions if one != name]
        raise InputError(
            f"no such compression for {option}",
            got=repr(reference),
            expected=expected_one_of(reference, others),
        )
    if not compressions[reference]:
        raise InputError(
            f"{option} an uncompressed model", got=repr(reference), expected="a compression"
        )


def _find_circle(
    path: tuple[str, ...], compressions: Mapping[str, Any], cleared: set[str]
) -> tuple[str, ...] | None:
    """A way from a path's end along references to where it has been; cleared: names without."""
    for reference in _references_of(compressions.get(path[-1])).values():
        if reference in path:
            return (*path[path.index(reference) :], reference)
        if reference not in cleared:
            found = _find_circle((*path, reference), compressions, cleared)
            if found is not None:
                return found
    cleared.add(path[-1])
    return None


def _references_of(entry: object) -> dict[str, str]:
    """The compressions that an entry names, by the option; without those of a wrong form."""
    if not isinstance(entry, dict):
        return {}
    return {one: entry[one] for one in _REFERENCES if isinstance(entry.get(one), str)}


def _options_on(circle: tuple[str, ...], compressions: Mapping[str, Any]) -> list[str]:
    steps = pairwise(circle)
    used = {
        option
        for one, other in steps
        for option, reference in _references_of(compressions.get(one)).items()
        if reference == other
    }
    return [option for option in _REFERENCES if option in used]


def _check_from(
    entry: Mapping[str, Any], options: CompressOptions, compressions: Mapping[str, Any]
) -> None:
    """What is compressed further still has its weights as numbers, and is not trained again."""
    if FROM not in entry:
        return
    if is_trained(options):
        raise InputError(
            f"{FROM} and a method that trains",
            expected="training first, and the other one made from it",
        )
    source = compressions[entry[FROM]]
    try:
        made = options_of(source) if isinstance(source, dict) else None
    except AsrcompressError:
        return  # told at its own place
    if made is not None and made.runtime != "torch":
        raise InputError(
            f"{FROM} a model of another runtime than PyTorch",
            got=repr(entry[FROM]),
            expected="one without runtime",
        )
    is_exported_as_it_is = options.runtime != "torch" and not options.steps
    if made is not None and not is_exported_as_it_is and not _is_float(made):
        raise InputError(
            f"{FROM} a quantised or packed model",
            got=repr(entry[FROM]),
            expected="one that was trained or pruned, and stored dense",
        )


def _is_float(options: CompressOptions) -> bool:
    """Whether the weights of what these options make are all there as numbers."""
    from asrcompress.compress.method import method_of

    chosen_at = method_of("quantize").ORDER
    last = max((method_of(step.method).ORDER for step in options.steps), default=0)
    return last < chosen_at and options.storage == "dense"
