"""The source catalogue: ``conf/sources/*.yaml``, one file a source.

A file says which source set it belongs to and lists its feeds: who owns them, where their files
land, how their columns map to the canonical ones. A new source is a new file and nothing else.
"""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, field_validator, model_validator

from jobs.ingest.kinds import KINDS, Kind
from jobs.ingest.parts import Assumed, Format, Jdbc, Late, Limits, Lookup, Mapped, Part, Rate
from jobs.lake.days import Zone
from jobs.lake.settings import SettingsError, explain, read_yaml

ROW_KEY = "row"
"""Key of a feed whose rows carry none: the content of the row."""
DAY = (
    r"(?P<day>\d{4}-\d{2}-\d{2}"
    r"|(?<!\d)20\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?!\d))"
)
"""A day in a path, as 2026-08-29 or 20260829."""
_SET = re.compile(r"^set:[ \t]*[\"']?([\w.-]+)[\"']?[ \t]*(?:#.*)?\r?$", re.MULTILINE)


class Feed(Part):
    """One feed of a source."""

    kind: Literal["crm", "orders", "events", "consents", "products", "messages", "feedback"]
    owner: str
    system: Literal["CRM", "shop", "web", "email", "survey", "third party"]
    frequency: str
    description: str = ""
    format: Format | None = None
    path: str | None = None
    """Pattern of its files, relative to where the set lands."""
    jdbc: Jdbc | None = None
    derived_from: str | None = None
    """Another feed of the file whose rows this one reads; the rows are counted there."""
    day: str = DAY
    """Regular expression that finds the day in a file's path; without a match a file reached us
    on the night that first saw it."""
    time_zone: Zone | None = None
    currency: str | None = None
    money_decimals: int = Field(default=2, ge=0, le=4)
    fields: tuple[str, ...] = ()
    """Columns of the files; a trailing `?` marks one that may be missing."""
    key: tuple[str, ...] | Literal["row"]
    """SQL expressions that name a row, or `row`: the content of the row itself."""
    duplicates: Literal["latest", "keep", "drop"] = "latest"
    """`latest`: of rows with one key the newest stays. For the key `row`: whether a line that
    repeats another of the same file is a purchase of its own (`keep`) or not (`drop`)."""
    changed_file: Literal["merge", "replace"] = "merge"
    """What a changed file under a known name does: its rows are merged, or they replace those of
    the file's earlier content."""
    columns: dict[str, Mapped]
    where: str | None = None
    """For a derived feed: which rows of the other feed it takes."""
    rules: dict[str, str] = Field(default_factory=dict)
    """What must hold of this feed's rows beside the table's own rules: the message for a row
    that breaks it, to a SQL condition over the canonical columns."""
    pii: tuple[str, ...] = ()
    protected: tuple[str, ...] = ()
    lookups: dict[str, Lookup] = Field(default_factory=dict)
    limits: Limits = Limits()
    late: Late | None = None
    """What becomes of a night whose files of the feed have not come; without it the night goes on
    and says nothing."""

    @field_validator("columns", mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {k: v if isinstance(v, dict) else {"expr": str(v)} for k, v in value.items()}

    @model_validator(mode="before")
    @classmethod
    def _strict_consents(cls, data: Any) -> Any:
        """Let no consent pass that was refused unless the catalogue says so: it may be a no."""
        if not isinstance(data, dict) or data.get("kind") != "consents":
            return data
        limits = data.get("limits")
        if limits is not None and not isinstance(limits, dict):
            return data
        return data | {"limits": {"bad_rows": 0.0, "bad_rows_spared": 0} | (limits or {})}

    @field_validator("day")
    @classmethod
    def _finds_the_day(cls, pattern: str) -> str:
        try:
            names = re.compile(pattern).groupindex
        except re.error as error:
            raise ValueError(f"day: no regular expression: {error}") from None
        if "day" not in names:
            raise ValueError("day: has no group (?P<day>…), which is to hold a day as 2026-08-29")
        return pattern

    @model_validator(mode="after")
    def _consistent(self) -> Feed:
        kind = KINDS[self.kind]
        unknown = [c for c in self.columns if c not in kind.columns]
        if unknown:
            raise ValueError(
                f"columns: {', '.join(unknown)}: not canonical for {self.kind}; "
                f"those are {', '.join(kind.columns)}"
            )
        if self.derived_from is None:
            if (self.path is None) == (self.jdbc is None) or self.format is None:
                raise ValueError("a feed has a format, and either a path or a jdbc table")
            if self.late is not None and self.path is None:
                raise ValueError("late: only for files; a table is read whenever the night comes")
            if self.where is not None:
                raise ValueError("where: only for a feed that is derived_from another")
        elif self.late is not None:
            raise ValueError("late: of a derived feed nothing comes; say it of the one it reads")
        if (self.key == ROW_KEY) != (self.duplicates in ("keep", "drop")):
            raise ValueError("duplicates: keep and drop go with the key `row`, latest with others")
        if self.derived_from is None and not self.fields:
            raise ValueError("fields: the columns of its files")
        self._personal_stays_personal(kind)
        return self

    def _personal_stays_personal(self, kind: Kind) -> None:
        """Refuse PII that would be left in the clear, and protected columns that would not show."""
        if self.derived_from is not None and any(name in kind.pii for name in self.columns):
            raise ValueError("columns: a derived feed has no PII; map it in the feed it reads")
        for raw in (*self.pii, *self.protected):
            if self.fields and raw not in self.field_names:
                raise ValueError(f"pii, protected: {raw}: not among the fields")
        for name, mapped in self.columns.items():
            for raw in self.field_names:
                if not names_column(raw, mapped.expr):
                    continue
                if raw in self.pii and name not in kind.pii:
                    raise ValueError(f"columns: {name}: is made of {raw}, which is PII")
                if name in kind.pii and raw not in self.pii:
                    raise ValueError(f"columns: {name}: is PII, so {raw} must be listed in pii")
                if raw in self.protected and not kind.protects(name):
                    raise ValueError(f"columns: {name}: is made of {raw}, which is protected")
            if name in kind.pii and not any(
                names_column(raw, mapped.expr) for raw in self.field_names
            ):
                raise ValueError(f"columns: {name}: is PII, and names none of the fields")
        if self.key == ROW_KEY and self.pii:
            raise ValueError(
                "key: row: a feed with pii wants a key of its own, which names each row's data key"
            )
        for raw in self.pii:
            if any(names_column(raw, e) for e in self.key):
                raise ValueError(f"key: is made of {raw}, which is PII")

    @property
    def field_names(self) -> tuple[str, ...]:
        """Columns of the files, without the mark of the optional ones."""
        return tuple(f.removesuffix("?") for f in self.fields)

    @property
    def required_fields(self) -> tuple[str, ...]:
        """Columns that a file must have."""
        return tuple(f for f in self.fields if not f.endswith("?"))


def names_column(raw: str, expression: str) -> bool:
    """Whether a SQL expression names a column of the files, in whatever case: SQL has none."""
    word = rf"(?<![\w'])`?{re.escape(raw)}`?(?![\w'(])"
    return re.search(word, expression, re.IGNORECASE) is not None


class Source(Part):
    """One file of the catalogue."""

    set: str
    title: str
    about: str = ""
    licence: str | None = None
    obtain: str | None = None
    """Where a user gets the data."""
    landing: str
    """Folder of the files; `{home}` and `{data}` stand for BESPOKE_HOME and BESPOKE_DATA."""
    time_zone: Zone = "UTC"
    country: str = "GB"
    """Region that telephone numbers without a country code belong to (ISO 3166)."""
    currency: str = "GBP"
    """Base currency."""
    rates: tuple[Rate, ...] = ()
    last_night: date | None = None
    """Last business day of the data; None takes the last day found in the files' paths."""
    assumed_purposes: tuple[Assumed, ...] = ()
    recipient: Literal["email", "customer_no"] = "email"
    """What a row of the export is addressed by."""
    recommend: dict[str, Any] = Field(default_factory=dict)
    """Settings of the recommender that differ for this set."""
    feeds: dict[str, Feed]

    @model_validator(mode="after")
    def _derived_feeds_exist(self) -> Source:
        for name, feed in self.feeds.items():
            if feed.derived_from is not None and feed.derived_from not in self.feeds:
                raise ValueError(f"feeds.{name}.derived_from: no feed {feed.derived_from!r}")
        return self


class SourceSet:
    """All files of the catalogue that belong to one set.

    The first file, by name, that carries the set's own name is the main one: the business day's
    time zone, the base currency and its rates are read from it. A further file has its own landing,
    and may name the time zone and the currency that its rows are written in.
    """

    def __init__(self, name: str, sources: dict[str, Source]) -> None:
        self.name = name
        self.sources = sources
        self.main = sources.get(name) or next(iter(sources.values()))

    def feeds(self) -> list[tuple[str, Source, Feed]]:
        """Return ``(<source>.<feed>, source, feed)``, feeds before those derived from them."""
        found = [
            (f"{source_name}.{feed_name}", source, feed)
            for source_name, source in self.sources.items()
            for feed_name, feed in source.feeds.items()
        ]
        order = list(KINDS)
        return sorted(found, key=lambda x: (x[2].derived_from is not None, order.index(x[2].kind)))


def load_catalogue(folder: Path) -> dict[str, SourceSet]:
    """Read every file of the catalogue.

    Parameters
    ----------
    folder : Path
        Folder of the files, as ``conf/sources``.

    Returns
    -------
    dict of SourceSet
        By the set's name.

    Raises
    ------
    SettingsError
        A file is not readable, or a key in it is unknown or wrong; file and key are named.
    """
    sets: dict[str, dict[str, Source]] = {}
    for path in sorted(folder.glob("*.yaml")):
        source = _read(path)
        sets.setdefault(source.set, {})[path.stem] = source
    return {name: SourceSet(name, sources) for name, sources in sets.items()}


def source_set(folder: Path, name: str) -> SourceSet:
    """Return one set of the catalogue.

    A file that says it is of another set is not looked into any further: what is wrong in it stops
    nobody but that set's own users.

    Raises
    ------
    SettingsError
        There is none of that name, or a file of it, or one that says of which set it is nowhere,
        is wrong.
    """
    sources, others = {}, set()
    for path in sorted(folder.glob("*.yaml")):
        said = _set_named(path)
        if said not in (name, None):
            others.add(said)
            continue
        source = _read(path)
        if source.set == name:
            sources[path.stem] = source
        else:
            others.add(source.set)
    if not sources:
        there = ", ".join(sorted(map(str, others))) or "none"
        raise SettingsError(f"no source set {name!r} in {folder}; there are: {there}")
    return SourceSet(name, sources)


def _read(path: Path) -> Source:
    try:
        return Source.model_validate(read_yaml(path))
    except ValidationError as error:
        raise SettingsError(explain(error, str(path))) from None
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: is no UTF-8: {error}") from None


def _set_named(path: Path) -> str | None:
    """Name the set that a file says it is of, though it may be no YAML; None where it says none."""
    try:
        text = path.read_bytes().decode(errors="replace")
    except OSError:
        return None
    found = _SET.findall(text)
    return found[0] if len(found) == 1 else None
