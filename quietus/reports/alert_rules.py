"""The rules that watch figures, read from the settings once and refused with one sentence when they make no sense."""

from collections import Counter
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from quietus.analytics import service as figures
from quietus.analytics.catalogue import FIGURES
from quietus.core.config import ConfigurationError
from quietus.core.errors import Invalid

Level = Literal["ok", "warn", "critical"]
Threshold = Annotated[float, Field(allow_inf_nan=False)]
RULES_MAX: Final = 100


class Rule(BaseModel):
    """A number of a figure over the last `window_minutes`, and from where on it is worth a word.

    The number is `aggregate` of `column` over the rows that fit `where`. A new level counts once it has lasted
    `grace_minutes`. With `below`, small numbers alarm.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
    figure: str
    column: str
    where: dict[str, str] = {}
    params: dict[str, str] = {}
    aggregate: Literal["sum", "max", "min", "mean", "last"] = "sum"
    warn: Threshold | None = None
    critical: Threshold | None = None
    below: bool = False
    window_minutes: Annotated[int, Field(ge=1, le=90 * 24 * 60)]
    grace_minutes: Annotated[int, Field(ge=0, le=24 * 60)] = 0

    @model_validator(mode="after")
    def _thresholds_in_order(self) -> Self:
        if self.warn is None and self.critical is None:
            raise ValueError("it needs warn, critical or both")
        if self.warn is not None and self.critical is not None and (self.warn > self.critical) != self.below:
            raise ValueError("critical must lie further out than warn")
        return self

    @model_validator(mode="after")
    def _figure_can_tell(self) -> Self:
        figure = FIGURES.get(self.figure)
        if figure is None:
            raise ValueError(f"there is no figure {self.figure}")
        unknown = {self.column, *self.where} - set(figure.columns)
        if unknown:
            raise ValueError(f"{self.figure} has no column {', '.join(sorted(unknown))}")
        if figure.required or not {"from", "to"} <= set(figure.parameters):
            raise ValueError(f"{self.figure} cannot be watched, it is about one person")
        if {"from", "to"} & set(self.params):
            raise ValueError("the window tells from and to")
        try:
            figures.read_params(self.figure, self.params)
        except Invalid as refusal:
            name, texts = next(iter((refusal.errors or {}).items()))
            raise ValueError(f"{name}: {texts[0]}") from refusal
        return self

    def level(self, value: float) -> Level:
        if _beyond(value, self.critical, self.below):
            return "critical"
        return "warn" if _beyond(value, self.warn, self.below) else "ok"


def _beyond(value: float, threshold: float | None, below: bool) -> bool:
    if threshold is None:
        return False
    return value <= threshold if below else value >= threshold


def read_rules(text: str) -> list[Rule]:
    """Raises ConfigurationError, one sentence that names the rule."""
    try:
        rules = TypeAdapter(Annotated[list[Rule], Field(max_length=RULES_MAX)]).validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the list"
        words = first["msg"].removeprefix("Value error, ")
        raise ConfigurationError(f"QUIETUS_ALERT_RULES is wrong at {place}: {words}.") from error
    name, times = Counter(rule.name for rule in rules).most_common(1)[0] if rules else ("", 0)
    if times > 1:
        raise ConfigurationError(f"QUIETUS_ALERT_RULES names {name} twice.")
    return rules
