"""A recipe: models x compressions x conditions on one corpus, checked as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from asrcompress.audit.gates.gates import Gates
from asrcompress.core.pivot import PivotRows, PivotValue
from asrcompress.core.precision import FLOAT32, NamedDtype

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$")]
Room = Literal["small", "medium", "large"]
SnrDb = Annotated[float, Field(ge=-30, le=60)]
# The options of a compression that compress does not have: each names another compression.
SAME_SIZE_AS = "same_size_as"  # whose weight file's bytes are its budget
FROM = "from"  # whose artefact is compressed further, instead of the original


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class NoiseConditions(_Model):
    """Additive noise; built-in noises where there is no folder.

    Without SNRs it only says where the noises of `effects` come from.
    """

    folder: str | None = None
    snr_db: list[SnrDb] = []
    types: list[Annotated[str, StringConstraints(min_length=1)]] = []
    reference: Literal["overall", "active"] = "overall"


class RoomConditions(_Model):
    """Reverberation; simulated rooms where there is no folder of impulse responses.

    Without sizes it only says where the rooms of `effects` come from.
    """

    folder: str | None = None
    sizes: list[Room] = []


class BothConditions(_Model):
    """Rooms with noise in them; without lists, every room with every SNR."""

    snr_db: list[SnrDb] | None = None
    sizes: list[Room] | None = None


class Conditions(_Model):
    """What the recordings go through; `both` needs noise and rooms.

    effects: further conditions by name, each a list of steps like {effect: opus, bitrate_kbps: 12}.
    """

    clean: bool = True
    noise: NoiseConditions | None = None
    rooms: RoomConditions | None = None
    both: bool | BothConditions = False
    effects: dict[Name, list[dict[str, Any]]] = {}


class Calibration(_Model):
    """Audio to measure on, for compressions that do; no transcript of it is used.

    snr_db: noisy versions of the sample beside the clean one, of built-in noises without a folder.
    """

    corpus: str
    duration_s: float = Field(default=60.0, gt=0, le=36_000)
    snr_db: list[SnrDb] = []
    noise: str | None = None


class Training(_Model):
    """Audio to learn from, for compressions that train; transcripts are used where they ask for it.

    noise, rir: folders to make it harder with; built-in noises and simulated rooms without.
    """

    corpus: str
    noise: str | None = None
    rir: str | None = None


class Speeds(_Model):
    """How speed is measured; see SpeedOptions."""

    lengths_s: list[Annotated[float, Field(ge=0.1, le=600)]] = Field(
        default=[3.0, 10.0, 30.0], min_length=1
    )
    rounds: int = Field(default=5, ge=1, le=1000)
    energy: bool = False


class Evaluation(_Model):
    """How hypotheses are made, scored and compared.

    dtype: of PyTorch's matrix products. compile: let torch.compile make its kernels. speed: of all
    artefacts in one interleaved run, from which the costs are then taken.
    """

    normaliser: str = "basic"
    batch_size: int = Field(default=8, ge=1, le=1024)
    margin: float = Field(default=0.005, ge=0, le=1)
    replicates: int = Field(default=10_000, ge=100, le=1_000_000)
    measure_cost: bool = True
    cost_rounds: int = Field(default=2, ge=1, le=100)
    by: list[str] = []
    max_bad_files: int = Field(default=0, ge=0)
    language: str | None = None
    chunk_s: float | None = Field(default=None, ge=5)
    dtype: NamedDtype = FLOAT32
    compile: bool = False
    speed: bool | Speeds = False


class PublishedRow(_Model):
    """One figure of a paper and its place in the matrix: a condition, or a margin of several."""

    source: str
    artefact: str
    wer_percent: float = Field(ge=0)
    condition: str | None = None
    group: str | None = None
    noise_type: str | None = None
    room: str | None = None
    snr_db: SnrDb | None = None


class PublishedTable(_Model):
    """What a paper reports for these models, shown beside what is measured."""

    paper: str
    figures: list[PublishedRow] = Field(min_length=1)
    differences: list[str] = []


class Table(_Model):
    """A table in a paper's layout, of what the audit finds.

    columns: compressions. rows: models with the conditions, or with the compressions, below each;
    models alone; or the values, with a column for each model. by: a field of evaluate.by whose
    values stand for the conditions. data: only these conditions or values of the field, in their
    order here.
    """

    title: str
    columns: list[Name] = Field(min_length=1)
    values: list[PivotValue] = Field(default=["wer"], min_length=1)
    rows: PivotRows = "model_condition"
    by: str | None = None
    data: list[str] = []


class Recipe(_Model):
    """The whole of a recipe file, parameters filled in."""

    title: str
    models: dict[Name, str] = Field(min_length=1)
    compressions: dict[Name, dict[str, Any]] = Field(min_length=1)
    corpus: str
    format: str | None = None
    conditions: Conditions = Conditions()
    seed: int = Field(default=0, ge=0)
    calibration: Calibration | None = None
    training: Training | None = None
    evaluate: Evaluation = Evaluation()
    published: PublishedTable | None = None
    tables: list[Table] = []
    gates: Gates | None = None
    parameters: dict[Name, Any] = {}


def artefact_name(recipe: Recipe, model: str, compression: str) -> str:
    """What results call a model in a form: the form alone where there is one model."""
    return compression if len(recipe.models) == 1 else f"{model}/{compression}"


@dataclass(frozen=True, slots=True)
class LoadedRecipe:
    """A recipe with its name, what was given to fill it in, and the folder that it is in."""

    name: str
    recipe: Recipe
    settings: Mapping[str, Any]
    folder: Path = Path()


def recipe_folder() -> Path:
    """Where the recipes that come with the program are: in the wheel, or beside the package."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "recipes"
    return inside if inside.is_dir() else package.parent / "recipes"


def shipped_recipes() -> dict[str, Path]:
    """The recipes that come with the program, by name."""
    return {path.stem: path for path in sorted(recipe_folder().glob("*.yaml"))}
