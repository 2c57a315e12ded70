"""Gates: the rules of a recipe or of a file, checked as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, Union

from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema

from asrcompress.audit.gates import metrics
from asrcompress.audit.gates.rule import Rule
from asrcompress.core.registry import load_plugin, plugin_names


def rule_types() -> tuple[type[Rule], ...]:
    """The rule of every metric, in the metrics' order."""
    return tuple(load_plugin(metrics, name).Rule for name in plugin_names(metrics))


if TYPE_CHECKING:
    AnyRule = Rule
else:
    # A union of as many types as there are files, so that | cannot write it.
    AnyRule = Annotated[Union[rule_types()], Field(discriminator="metric")]  # noqa: UP007


class Gates(BaseModel):
    """What a gate file holds, or `gates` in a recipe: these keys, or a list that is the rules.

    inconclusive: whether what the recordings cannot tell stops (exit code 4) or passes.
    baseline: a committed baseline, relative to the file; for rules about regressions.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    rules: list[AnyRule] = Field(min_length=1)
    inconclusive: Literal["stop", "pass"] = "stop"
    baseline: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_list(cls, value: Any) -> Any:
        return {"rules": value} if isinstance(value, list) else value

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        mapping = handler.resolve_ref_schema(handler(core_schema))
        return {"title": "Gates", "anyOf": [mapping, mapping["properties"]["rules"]]}
