"""Late rows, duplicates and bad rows of every kind, and a tally of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.simulate.chance import Chance
from jobs.simulate.settings import SimulateSettings

LATE = "late"
DUPLICATE = "duplicate"
CLEAN = "clean"


@dataclass(frozen=True)
class Damage:
    """One way a row can be bad: a kind, the column that suffers and what stands there instead.

    `written` is CSV text, a raw JSON token or a Spark SQL literal, after the feed's format; None
    empties the field. Without a column the line as a whole is broken.
    """

    kind: str
    column: str | None = None
    written: str | None = None


@dataclass(frozen=True, eq=False)
class Feed:
    """One file a day: its rows (with `day`, the day of the data, and `place`, the order in it)."""

    name: str
    file: str
    format: Literal["csv", "json", "parquet"]
    rows: DataFrame
    key: tuple[str, ...]
    damages: Sequence[Damage]
    separator: str = ","
    comes_late: bool = False
    damaged_from: Column | None = None
    """Which rows may be copied as bad ones: a negative quantity is wrong on a sale only."""
    hidden: tuple[str, ...] = field(default=("day", "place"))

    @property
    def columns(self) -> list[str]:
        """The columns written, in their order."""
        return [name for name in self.rows.columns if name not in self.hidden]


def delivered(feed: Feed, settings: SimulateSettings, chance: Chance) -> DataFrame:
    """Spread the rows over the days' files, late and doubled ones too, and add bad ones.

    A bad row is a damaged copy of a good one under a key of its own, so the good one is still
    there and the truth about orders and persons holds. Adds `mark`: clean, late, duplicate or
    the kind of damage; `day` becomes the day of the file.
    """
    last, draw, due = F.lit(settings.days - 1), F.col("draw"), F.col("due")
    late = chance.chance(settings.late_share if feed.comes_late else 0.0, "late", draw)
    kinds = F.array(*[F.lit(damage.kind) for damage in feed.damages])
    kind = F.get(kinds, chance.whole(len(feed.damages), f"kind {feed.name}", draw))
    sound = F.lit(True) if feed.damaged_from is None else feed.damaged_from
    copies = F.array_compact(
        F.array(
            _copy(F.when(due > F.col("day"), LATE).otherwise(CLEAN), due),
            F.when(
                chance.chance(settings.duplicate_share, f"double {feed.name}", draw),
                _copy(F.lit(DUPLICATE), F.least(due + chance.whole(2, "again", draw), last)),
            ),
            F.when(
                sound & chance.chance(settings.bad_row_share, f"bad {feed.name}", draw),
                _copy(kind, due),
            ),
        )
    )
    first_key = feed.key[0]
    fresh = F.concat(F.substring(first_key, 1, 1), chance.code("fresh key", draw))
    return (
        feed.rows.withColumn(
            "draw", F.xxhash64(*[F.col(name) for name in feed.key], F.col("place"))
        )
        .withColumn("delay", F.when(late, 1 + chance.whole(3, "delay", draw)).otherwise(0))
        .withColumn("due", F.least(F.col("day") + F.col("delay"), last))
        .withColumn("copy", F.explode(copies))
        .withColumn("day", F.col("copy.day"))
        .withColumn("mark", F.col("copy.mark"))
        .withColumn(first_key, F.when(is_bad(), fresh).otherwise(F.col(first_key)))
        .select("day", "place", "mark", *feed.columns)
    )


def _copy(mark: Column, day: Column) -> Column:
    return F.struct(mark.alias("mark"), day.cast("int").alias("day"))


def is_bad() -> Column:
    """Return whether a delivered row is damaged."""
    return ~F.col("mark").isin(CLEAN, LATE, DUPLICATE)


def damaged_columns(feed: Feed, rows: DataFrame) -> DataFrame:
    """Overwrite the columns that suffer, for formats where that is enough (CSV and Parquet)."""
    values: dict[str, Column] = {}
    for name in feed.columns:
        value: Column | None = None
        for damage in feed.damages:
            if damage.column != name:
                continue
            bad = _damaged_value(feed, damage)
            hit = F.col("mark") == damage.kind
            value = F.when(hit, bad) if value is None else value.when(hit, bad)
        if value is not None:
            values[name] = value.otherwise(F.col(name))
    return rows.withColumns(values)


def _damaged_value(feed: Feed, damage: Damage) -> Column:
    if damage.written is None:
        return F.lit(None)
    return F.lit(damage.written) if feed.format == "csv" else F.expr(damage.written)


def damaged_line(feed: Feed) -> Column:
    """Break the column `line`: cut or lengthen CSV, cut JSON, put a wrong token in a JSON field.

    One flat case: nesting a case a kind would copy the line's expression twice at every level.
    """
    line = F.col("line")
    broken = F.when(F.lit(False), line)
    for damage in feed.damages:
        hit = F.col("mark") == damage.kind
        if damage.column is None and feed.format == "csv":
            last_field = rf"{feed.separator}[^{feed.separator}]*$"
            longer = F.concat(line, F.lit(f"{feed.separator}surplus"))
            shorter = F.regexp_replace(line, last_field, "")
            broken = broken.when(hit & (F.length(line) % 2 == 0), shorter).when(hit, longer)
        elif damage.column is None:
            cut = F.floor(F.length(line) * 0.6).cast("int")
            broken = broken.when(hit, F.substring(line, F.lit(1), cut))
        elif feed.format == "json":
            old_field = rf'"{damage.column}":("(?:[^"\\]|\\.)*"|[^,}}]*)'
            token = "null" if damage.written is None else damage.written
            new_field = f'"{damage.column}":{token}'
            broken = broken.when(hit, F.regexp_replace(line, old_field, new_field))
    return broken.otherwise(line)


def marks(feed: Feed, rows: DataFrame) -> DataFrame:
    """Return what became of each delivered row: `feed`, `day`, `mark`."""
    return rows.select(F.lit(feed.name).alias("feed"), "day", "mark")
