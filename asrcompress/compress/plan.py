"""From flat options, as command line and recipes give them, to methods with parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from asrcompress.compress.method import all_methods, is_training, method_of
from asrcompress.compress.training.params import TrainingParams
from asrcompress.core.checkpoint.locate import name_of
from asrcompress.core.errors import InputError
from asrcompress.core.manifest import MethodStep, Runtime, Selection, Storage
from asrcompress.core.registry import expected_one_of

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

UNCOMPRESSED = "fp32"
METHOD = "method"  # the option that chooses among the methods that train
_LISTS = ("include", "exclude")


class Storing(BaseModel):
    """How the result is stored."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    storage: Storage = Field(
        default="dense",
        description="how the file holds zeros: like other weights, or as one bit each (bitmask), "
        "where that is smaller",
    )


class Deploying(BaseModel):
    """What is to compute the result."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    runtime: Runtime = Field(
        default="torch",
        description="what computes the result: openvino and onnx have kernels for 8 and 4 bits; "
        "with --audio, openvino's activations are 8 bits too",
    )
    weights_only: bool = Field(
        default=False,
        description="leave activations to the runtime, whatever audio there is to calibrate on",
    )


@dataclass(frozen=True, slots=True)
class CompressOptions:
    """The steps, the layers that they may touch, how the result is stored and what computes it."""

    steps: tuple[MethodStep, ...]
    selection: Selection = field(default_factory=Selection)
    storage: Storage = "dense"
    runtime: Runtime = "torch"
    weights_only: bool = False

    @property
    def label(self) -> str:
        """The compression's name, for example prune30-global-int8; fp32 for none."""
        labels = []
        for step in self.steps:
            method = method_of(step.method)
            labels.append(method.label(method.Params.model_validate(step.params)))
        if not labels:
            return UNCOMPRESSED if self.runtime == "torch" else f"{UNCOMPRESSED}-{self.runtime}"
        more = (
            ("conv", self.selection.conv),
            ("embedding", self.selection.embedding),
            ("nohead", self.selection.keep_head),
            (self.storage, self.storage != "dense"),
            (self.runtime, self.runtime != "torch"),
            ("weights", self.weights_only),
        )
        return "-".join([*labels, *(word for word, is_set in more if is_set)])


def options() -> dict[str, FieldInfo]:
    """Every option by name: the methods' in their order, then those of all methods."""
    return {name: field for group in options_by_group().values() for name, field in group.items()}


def options_by_group() -> dict[str, dict[str, FieldInfo]]:
    """The options of each method under its name, those of all that train, and those of all."""
    groups: dict[str, dict[str, FieldInfo]] = {"training": {METHOD: _method_option()}}
    for name, method in all_methods().items():
        own = dict(method.Params.model_fields)
        if is_training(method):
            shared = TrainingParams.model_fields
            groups[name] = {k: field for k, field in own.items() if k not in {METHOD, *shared}}
        else:
            groups[name] = own
    groups["training"] |= TrainingParams.model_fields
    flags = {k: field for k, field in Selection.model_fields.items() if k not in _LISTS}
    return groups | {
        "which layers, and how they are stored": flags | Storing.model_fields,
        "what computes the result": dict(Deploying.model_fields),
    }


def read_options(given: Mapping[str, Any]) -> CompressOptions:
    """What options such as {"prune": 0.3, "bits": 8, "conv": True} ask for; None is not given.

    Raises:
        InputError: an unknown option, one whose method was not asked for, two methods that
            exclude each other, or a value out of bounds.
    """
    left = {name: value for name, value in given.items() if value is not None}
    _refuse_unknown(left)
    stored = {name: left[name] for name in Storing.model_fields if name in left}
    deployed = {name: left[name] for name in Deploying.model_fields if name in left}
    chosen = {name: left[name] for name in Selection.model_fields if name in left}
    chosen |= {name: _patterns(name, chosen[name]) for name in _LISTS if name in chosen}
    selection = Selection.model_validate(_checked(Selection, chosen))
    if deployed.get("weights_only") and deployed.get("runtime", "torch") == "torch":
        raise InputError(
            "option 'weights_only' needs 'runtime'",
            next_step="add runtime openvino, or leave it out",
        )
    return CompressOptions(
        _steps(left), selection, **_checked(Storing, stored), **_checked(Deploying, deployed)
    )


def default_output(model: str | Path, options: CompressOptions) -> Path:
    """Where an artefact goes if nobody says: in the current folder, named model-compression."""
    is_export_alone = not options.steps and options.runtime != "torch"
    return Path(f"{name_of(model)}-{options.runtime if is_export_alone else options.label}")


def in_order(steps: Sequence[MethodStep]) -> tuple[MethodStep, ...]:
    """The steps as they are applied: pruning before choosing bits, whatever order they came in."""
    return tuple(sorted(steps, key=lambda step: method_of(step.method).ORDER))


def _method_option() -> FieldInfo:
    """`method`, which chooses one of those that train."""
    names = [name for name, method in all_methods().items() if is_training(method)]
    described: FieldInfo = Field(
        description=f"train a smaller model on --audio: {' or '.join(names)}"
    )
    described.annotation = str
    return described


def _check_method(left: Mapping[str, Any]) -> None:
    """What `method` names is there, and trains; options of training are not without it."""
    training = {name: method for name, method in all_methods().items() if is_training(method)}
    if METHOD in left:
        if not isinstance(left[METHOD], str) or left[METHOD] not in training:
            raise InputError(
                f"option {METHOD!r} cannot be used",
                got=repr(left[METHOD]),
                expected=expected_one_of(str(left[METHOD]), training),
            )
        return
    for name in left:
        owners = [own for own, method in training.items() if name in method.Params.model_fields]
        if owners:
            raise InputError(
                f"option {name!r} needs {METHOD!r}",
                next_step=f"add {METHOD} {' or '.join(owners)}, or leave {name} out",
            )


def _is_asked_for(name: str, method: Any, mine: Mapping[str, Any]) -> bool:
    if method.TRIGGER == METHOD:
        return mine.get(METHOD) == name
    return method.TRIGGER in mine and mine[method.TRIGGER] is not False


def _steps(left: Mapping[str, Any]) -> tuple[MethodStep, ...]:
    _check_method(left)
    _refuse_of_others(left)
    steps: list[MethodStep] = []
    orders: dict[int, str] = {}
    for name, method in all_methods().items():
        mine = {field: left[field] for field in method.Params.model_fields if field in left}
        if _is_asked_for(name, method, mine):
            other = orders.setdefault(method.ORDER, method.TRIGGER)
            if other != method.TRIGGER:
                raise InputError(
                    f"options {other!r} and {method.TRIGGER!r} exclude each other",
                    next_step="choose one: both say how many bits a layer gets",
                )
            steps.append(MethodStep(method=name, params=_checked(method.Params, mine)))
        elif method.TRIGGER == METHOD:
            continue
        elif others := [field for field in mine if field != method.TRIGGER]:
            raise InputError(
                f"option {others[0]!r} needs {method.TRIGGER!r}",
                next_step=f"add {method.TRIGGER}, or leave {others[0]} out",
            )
    return tuple(steps)


def _refuse_of_others(left: Mapping[str, Any]) -> None:
    """Refuse an option of a training method that was not chosen."""
    if METHOD not in left:
        return
    chosen = method_of(left[METHOD]).Params.model_fields
    for other, method in all_methods().items():
        if not is_training(method):
            continue
        for name in method.Params.model_fields:
            if name in left and name not in chosen:
                raise InputError(
                    f"option {name!r} is not one of {left[METHOD]}",
                    next_step=f"leave it out, or choose {METHOD} {other}",
                )


def _patterns(name: str, value: Any) -> tuple[str, ...]:
    patterns = [value] if isinstance(value, str) else value
    is_list = isinstance(patterns, list | tuple)
    if not is_list or not all(isinstance(pattern, str) for pattern in patterns):
        raise InputError(
            f"option {name!r} cannot be used", got=repr(value), expected="a pattern, or a list"
        )
    return tuple(patterns)


def _refuse_unknown(given: Mapping[str, Any]) -> None:
    known = [*options(), *_LISTS]
    for name in given:
        if name not in known:
            raise InputError(
                "unknown compression option", got=repr(name), expected=expected_one_of(name, known)
            )


def _checked(params: type[Any], values: dict[str, Any]) -> dict[str, Any]:
    try:
        # as JSON, so that a step equals the one that is read from a manifest
        checked: dict[str, Any] = params.model_validate(values).model_dump(mode="json")
    except ValidationError as error:
        first = error.errors()[0]
        if not first["loc"]:  # a rule about several fields says it all itself
            raise InputError(
                "options do not fit together",
                got=", ".join(f"{name}={value}" for name, value in values.items()),
                expected=first["msg"].removeprefix("Value error, "),
            ) from None
        name = str(first["loc"][0])
        if first["type"] == "missing":
            raise InputError(
                f"{METHOD} {values.get(METHOD)} needs option {name!r}",
                expected=params.model_fields[name].description,
            ) from None
        raise InputError(
            f"option {name!r} cannot be used",
            got=repr(first["input"]),
            expected=_bounds(params.model_fields[name], first["msg"]),
        ) from None
    return checked


def _bounds(field: FieldInfo, message: str) -> str:
    choices = [value for value in get_args(field.annotation) if isinstance(value, str | int)]
    if choices:
        return f"one of {', '.join(map(str, choices))}"
    return (
        message.removeprefix("Input should be ")
        .removeprefix("Value error, ")
        .removesuffix(", unable to parse string as a number")
        .removesuffix(", unable to parse string as an integer")
    )
