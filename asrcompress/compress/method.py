"""The methods as the rest of this room sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from asrcompress.core.registry import load_plugin, plugin_names

if TYPE_CHECKING:
    from pydantic import BaseModel

    from asrcompress.compress.decision import Context, Decisions, Weights
    from asrcompress.compress.training.audio import TrainingAudio
    from asrcompress.compress.training.trained import Trained, TrainingContext
    from asrcompress.core.checkpoint import LoadedModel


class TrainingMethod(Protocol):
    """What a file in `methods/` holds whose method learns a smaller model; it comes first."""

    ORDER: int
    TRIGGER: str
    Params: type[BaseModel]

    def label(self, params: Any) -> str:
        """Its part of an artefact's name."""

    def unfit(self, params: Any, loaded: LoadedModel, audio: TrainingAudio) -> str | None:
        """Why it fits neither the model nor the audio, None where it does; before any work."""

    def train(self, params: Any, context: TrainingContext) -> Trained:
        """The smaller model."""


class Method(Protocol):
    """What a file in `methods/` holds."""

    ORDER: int
    TRIGGER: str
    Params: type[BaseModel]

    def label(self, params: Any) -> str:
        """Its part of an artefact's name."""

    def refusal(self, params: Any, weights: Weights, context: Context) -> str | None:
        """Why it does not fit the model, None where it does; before any work is done."""

    def decide(self, params: Any, weights: Weights, context: Context) -> Decisions:
        """What is to become of each layer; nothing is changed yet."""


def is_training(method: Method | TrainingMethod) -> bool:
    """Whether it is a method that trains."""
    return hasattr(method, "train")


def method_of(name: str) -> Any:
    """The method of a name, a Method or a TrainingMethod.

    Raises:
        InputError: there is none; the nearest one is suggested.
    """
    from asrcompress.compress import methods

    return load_plugin(methods, name)


def all_methods() -> dict[str, Any]:
    """All methods by name, in the order in which they are applied."""
    from asrcompress.compress import methods

    found = {name: method_of(name) for name in plugin_names(methods)}
    return dict(sorted(found.items(), key=lambda item: (item[1].ORDER, item[0])))
