"""Parts of an entry of the source catalogue, each a mapping of its own in the YAML."""

from __future__ import annotations

import codecs
from datetime import date, time
from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Part(BaseModel):
    """What stands in an entry; unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


_OF_PYTHON_ONLY = {
    "utf-8-sig": "utf-8",
    "utf_8_sig": "utf-8",
    "utf_8": "utf-8",
    "u8": "utf-8",
    "utf-16-le": "utf-16le",
    "utf-16-be": "utf-16be",
    "latin-1": "iso-8859-1",
    "latin_1": "iso-8859-1",
    "mac-roman": "macroman",
    "mac_roman": "macroman",
    "mbcs": "windows-1252",
    "cp65001": "utf-8",
}
"""Names that Python's users know and Java 17 does not, to one that both do."""
_NOT_JAVAS = ("utf-7", "hz", "iso8859-10", "iso8859-14", "hp-roman8", "cp1125", "ptcp154", "kz1048")
"""Python's encodings that Java 17 has under no name."""


class Format(Part):
    """How a file is written."""

    type: Literal["csv", "jsonl", "parquet", "jdbc"]
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    quote: str = Field(default='"', min_length=1, max_length=1)
    encoding: str = "utf-8"
    """For CSV; JSON Lines are UTF-8 by definition."""

    @field_validator("encoding")
    @classmethod
    def _known_to_both(cls, name: str) -> str:
        """Python reads the header, Java the rows."""
        if hint := _OF_PYTHON_ONLY.get(name.lower()):
            mark = "; a mark at the begin of a file is passed over" if "sig" in name.lower() else ""
            raise ValueError(f"encoding: write {hint} for {name}, which Java does not know{mark}")
        try:
            found = codecs.lookup(name)
            "".encode(found.name)
        except LookupError:
            raise ValueError(f"encoding: there is no {name!r}; utf-8, say, or cp1252") from None
        if found.name in _NOT_JAVAS:
            raise ValueError(f"encoding: Java does not know {name!r}")
        return name


class Jdbc(Part):
    """Where a JDBC table is."""

    url: str
    table: str
    user: str | None = None
    password_env: str | None = None
    """Variable that holds the password; it stands in no file."""
    driver: str | None = None


class Limits(Part):
    """What a feed may not exceed."""

    bad_rows: float = Field(default=0.05, ge=0, le=1)
    """Largest share of refused rows of a batch; above it the feed stops before silver."""
    bad_rows_spared: int = Field(default=5, ge=0)
    """Refused rows that stop no feed, whatever their share: one of ten is no sign of anything."""
    oldest_days: int = Field(default=3650, ge=1)
    """A row that happened longer before its file came is refused."""


class Mapped(Part):
    """A canonical column: a SQL expression over the feed's columns, and how its text is read."""

    expr: str
    format: str | None = None
    """For times and dates: the pattern of the text, where it is not ISO 8601."""


class Lookup(Part):
    """A small file whose columns join the feed's rows, as `<name>.<column>`."""

    path: str
    key: str
    """Column, of the feed and of the file, that joins them."""


class Late(Part):
    """What becomes of a night whose files of a feed have not come."""

    wait_until: str | None = Field(default=None, pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    """Until when a night that the schedule begins waits for them: a time of the feed's zone, the
    first one after the business day's end. None does not wait."""
    then: Literal["go_on", "stop"] = "go_on"
    """Whether the night then goes on without them or stops."""
    files: int = Field(default=1, ge=1)
    """How many of the day's files there must be, as 24 of an hourly feed."""
    weekdays: tuple[Weekday, ...] = WEEKDAYS
    """Business days that bring files."""

    @field_validator("wait_until", mode="before")
    @classmethod
    def _quoted(cls, value: Any) -> Any:
        # YAML reads 12:30 as a number of base 60, and 04:00 as a text.
        if isinstance(value, int):
            raise ValueError('a time stands in quotes: "12:30"')
        return value

    @property
    def clock(self) -> time | None:
        """``wait_until`` as a time."""
        return None if self.wait_until is None else time.fromisoformat(self.wait_until)


class Assumed(Part):
    """A purpose that a set without consent records takes as agreed, and why."""

    purpose: Literal["marketing", "personalization", "analytics"]
    why: str


class Rate(Part):
    """Units of the base currency for one of `currency`, from a business day on."""

    currency: str
    since: date
    rate: Decimal = Field(gt=0)
