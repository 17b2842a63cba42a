"""The helplines that stand on every page: read from a dated file, checked once, kept in memory."""

import re
from datetime import date
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Annotated, Self

from babel import Locale
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    HttpUrl,
    StringConstraints,
    ValidationError,
    model_validator,
)

from quietus.core.config import ConfigurationError
from quietus.core.languages import SOURCE, language

SHIPPED = Path(__file__).with_name("helplines.json")

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
Number = Annotated[str, StringConstraints(pattern=r"^\+?[0-9][0-9 \-]{1,19}$")]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]


def tel(number: str) -> str:
    """The address that a phone dials: "0800 111 0 111" becomes "tel:08001110111"."""
    return "tel:" + re.sub(r"[^0-9+]", "", number)


def country(place: "Place") -> str:
    """The country's name in the reader's language, unless the file gave it a name of its own."""
    if Locale(SOURCE).territories.get(place.code) != place.name:
        return place.name
    return str(Locale(language()).territories.get(place.code, place.name))


class _Part(BaseModel):
    # a misspelt key in an operator's own file must be found at the start, not by a person in need
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Line(_Part):
    """One service a person can turn to; `also` tells ways other than calling."""

    name: Words
    numbers: tuple[Number, ...]
    hours: Words
    also: Words = ""
    source: HttpUrl

    @model_validator(mode="after")
    def _some_way_to_reach_it(self) -> Self:
        if not self.numbers and not self.also:
            raise ValueError(f"{self.name} has neither a number nor another way to reach it")
        return self


class Place(_Part):
    """A country: its emergency numbers and its lines."""

    code: Country
    name: Words
    emergency: Annotated[tuple[Number, ...], Field(min_length=1)]
    lines: Annotated[tuple[Line, ...], Field(min_length=1)]


class Directory(_Part):
    """A service that lists lines of many countries."""

    name: Words
    about: Words
    source: HttpUrl


class StripLine(_Part):
    """A number short enough for the strip on top of every page."""

    where: Words
    number: Number


Strip = Annotated[tuple[StripLine, ...], Field(min_length=1, max_length=3)]


class Helplines(_Part):
    """The whole file; `strip_in` holds another strip for whoever reads another language."""

    as_of: date
    note: Words
    strip: Strip
    strip_in: dict[str, Strip] = {}
    anywhere: tuple[Directory, ...]
    countries: Annotated[tuple[Place, ...], Field(min_length=1)]

    @property
    def numbers(self) -> frozenset[str]:
        """Every number of every line."""
        return frozenset(n for place in self.countries for line in place.lines for n in line.numbers)

    def spoken(self, language: str) -> Self:
        """The same with the strip for readers of this language."""
        return self.model_copy(update={"strip": self.strip_in.get(language, self.strip)})

    @model_validator(mode="after")
    def _one_truth(self) -> Self:
        codes = [place.code for place in self.countries]
        if len(codes) != len(set(codes)):
            raise ValueError("a country appears twice")
        for short in chain(self.strip, *self.strip_in.values()):
            # a number corrected below but not in the strip would stay wrong on every page
            if short.number not in self.numbers:
                raise ValueError(f"{short.number} of the strip is not a number of any line")
        return self


@lru_cache(maxsize=8)
def load_helplines(file: Path | None = None) -> Helplines:
    """The helplines of `file`, or the ones shipped; ConfigurationError says what is wrong with a file."""
    path = file or SHIPPED
    try:
        return Helplines.model_validate_json(path.read_bytes())
    except OSError as error:
        raise ConfigurationError(f"The helplines file {path} cannot be read: {error.strerror}.") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise ConfigurationError(f"The helplines file {path} is wrong at {where}: {first['msg']}.") from error
