"""From raw rows to canonical ones: mapped, typed, checked; a row with a reason is refused."""

from __future__ import annotations

from decimal import Decimal
from functools import reduce
from typing import TYPE_CHECKING

from expectations.registry import suite_of
from expectations.suite import reasons as broken_rules
from expectations.suite import told
from jobs.identity.resolve import identifier_of
from jobs.ingest.catalogue import ROW_KEY, Feed, names_column
from jobs.ingest.kinds import Kind
from jobs.ingest.mapping import Mapping
from jobs.ingest.reading import ROW, beside_their_columns
from jobs.ingest.typed import encoding, shown, typed
from jobs.lake.tables.silver import MONEY, PROVENANCE_NAMES
from jobs.privacy.keyring import SEALED

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

REASONS = "_reasons"
CARRIED = ("file", "raw", "corrupt", "sealed", "generation", "place")
"""Columns that go through beside the canonical ones."""
NOT_KEPT = ("source", "record_id", "batch_id", "loaded_on", "run_id")
"""Columns of bronze that silver has in a meaning of its own, or not at all."""


def canonical(rows: DataFrame, mapping: Mapping) -> DataFrame:
    """Map raw rows to the canonical columns of their kind.

    Parameters
    ----------
    rows : DataFrame
        Bronze rows with ``generation`` and ``place`` (int) of their file, and a struct column for
        each lookup.
    mapping : Mapping
        The feed.

    Returns
    -------
    DataFrame
        Columns of the silver table but ``loaded_on``; ``file``, ``raw``, ``corrupt``, ``sealed``,
        ``generation`` and ``place`` as they came; and ``_reasons``, empty for a good row.
    """
    from pyspark.sql import functions as F

    feed, kind = mapping.feed, mapping.kind
    lookups = list(feed.lookups)
    exploded = beside_their_columns(rows.drop(*NOT_KEPT), feed.field_names, *lookups)
    types = {c: kind.silver.column(c).type for c in kind.columns if c not in kind.pii}
    read = {c: typed(mapping, c, t) for c, t in types.items()}
    key, key_problem = _key(mapping)
    values = exploded.select(
        f"{ROW}.*",
        key.alias("_key"),
        *[value.alias(c) for c, (value, _) in read.items()],
        told(
            [
                key_problem,
                encoding(),
                *_still_sealed(feed, kind),
                *[p for _, p in read.values() if p is not None],
            ]
        ).alias(REASONS),
    )
    named = _identified(_tokenised(values, kind), mapping)
    finished = named.transform(_derived, mapping).transform(versioned, kind)
    return (
        _judged(finished, mapping)
        .select(
            *[c for c in kind.silver.names if c != "loaded_on"],
            *CARRIED,
            REASONS,
        )
        .withColumn(
            REASONS,
            F.when(F.col("corrupt").isNotNull(), F.array(F.lit(_corrupt_message(feed)))).otherwise(
                F.col(REASONS)
            ),
        )
    )


def _corrupt_message(feed: Feed) -> str:
    if feed.format is not None and feed.format.type == "jsonl":
        return "record: not a JSON object in UTF-8 that names every key once"
    if feed.pii:
        # Bytes that are no text were found before the row was encrypted, and are told of here.
        return "record: the number of columns is not that of the header, or bytes are no text"
    return "record: the number of columns is not that of the header"


def _still_sealed(feed: Feed, kind: Kind) -> list[Column]:
    """Return the problem of a row with an encrypted value where a plain one is wanted.

    Its file was read while the catalogue did not name the column, or named it as PII.
    """
    from pyspark.sql import functions as F

    wanted = [m.expr for c, m in feed.columns.items() if c not in kind.pii]
    wanted += [] if feed.key == ROW_KEY else feed.key
    joined = {lookup.key for lookup in feed.lookups.values()}
    used = [
        name
        for name in dict.fromkeys(feed.field_names)
        if name not in feed.pii
        and (feed.key == ROW_KEY or name in joined or any(names_column(name, e) for e in wanted))
    ]
    if not used:
        return []
    sealed = [F.col(f"`{name}`").startswith(SEALED) for name in used]
    names = [F.when(found, F.lit(name)) for name, found in zip(used, sealed, strict=True)]
    text = F.concat_ws(
        ": ",
        F.lit("encrypted"),
        F.concat_ws(", ", *names),
        F.lit("it was no plain column when its file was read"),
    )
    return [F.when(reduce(lambda a, b: a | b, sealed), text)]


def _key(mapping: Mapping) -> tuple[Column, Column]:
    """Return the column that names a row, and the column of its problem."""
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    feed = mapping.feed
    if feed.key == ROW_KEY:
        content = F.md5(
            F.concat_ws("\x1f", *[F.coalesce(F.col(f), F.lit("\x00")) for f in feed.field_names])
        )
        if feed.duplicates == "drop":
            return content, F.lit(None).cast("string")
        repeat = F.row_number().over(
            Window.partitionBy(f"{ROW}.file_id", content).orderBy(f"{ROW}.line")
        )
        return F.concat_ws("-", content, repeat.cast("string")), F.lit(None).cast("string")
    parts = [F.nullif(F.trim(F.expr(e).cast("string")), F.lit("")) for e in feed.key]
    missing = reduce(lambda a, b: a | b, [p.isNull() for p in parts])
    key = F.when(~missing, F.concat_ws("|", *parts))
    if mapping.kind.name == "crm":
        key = F.concat(F.lit(f"{mapping.name}:"), key)
    return key, F.when(missing, F.lit(f"key: {', '.join(feed.key)}: missing"))


def _tokenised(frame: DataFrame, kind: Kind) -> DataFrame:
    from pyspark.sql import functions as F

    held = [c for c in kind.pii if f"{c}_token" in kind.silver.names]
    return frame.withColumns({f"{c}_token": F.col("tokens")[c] for c in held})


def _identified(frame: DataFrame, mapping: Mapping) -> DataFrame:
    from pyspark.sql import functions as F

    kind = mapping.kind
    named = frame.withColumns({"source": F.lit(mapping.name), kind.id: F.col("_key")})
    if kind.name == "crm":
        return named.withColumn("identifier", F.concat(F.lit("record:"), F.col("record_id")))
    if "identifier" not in kind.silver.names:
        return named
    return named.withColumn("identifier", identifier_of(*named.columns))


def _derived(frame: DataFrame, mapping: Mapping) -> DataFrame:
    """Add what follows from other columns: business days, amounts, the department."""
    from pyspark.sql import functions as F

    zone = mapping.main.time_zone
    match mapping.kind.name:
        case "orders":
            day = F.to_date(F.from_utc_timestamp("ordered_at", zone))
            return frame.withColumn("order_date", day).transform(_valued, mapping)
        case "events":
            day = F.to_date(F.from_utc_timestamp("occurred_at", zone))
            return frame.withColumn("event_date", day)
        case "products":
            own = F.when(F.col("price").isNotNull(), F.lit(mapping.currency))
            return frame.withColumns(
                {
                    "department": F.split("category", " > ")[0],
                    "currency": F.coalesce(F.upper("currency"), own),
                }
            )
    return frame


def _valued(frame: DataFrame, mapping: Mapping) -> DataFrame:
    from pyspark.sql import functions as F

    base, own = mapping.main.currency, mapping.currency
    rate = F.when(F.col("currency") == base, F.lit(Decimal(1)))
    for entry in sorted(mapping.main.rates, key=lambda r: r.since, reverse=True):
        holds = (F.col("currency") == entry.currency) & (F.col("order_date") >= F.lit(entry.since))
        rate = rate.when(holds, F.lit(entry.rate))
    computed = F.col("quantity") * F.col("unit_price") - F.coalesce("discount", F.lit(Decimal(0)))
    priced = frame.withColumn("currency", F.coalesce(F.upper("currency"), F.lit(own))).withColumns(
        {
            "fx_rate": rate.cast("decimal(18,8)"),
            "amount": F.coalesce(F.col("amount"), computed.try_cast(MONEY)),
        }
    )
    valued = priced.withColumn("amount_base", (F.col("amount") * F.col("fx_rate")).try_cast(MONEY))
    unknown = F.when(
        F.col("fx_rate").isNull(),
        F.concat(F.lit("currency: no rate for "), shown(F.col("currency")), F.lit(" on that day")),
    )
    return valued.withColumn(REASONS, F.concat(REASONS, told([unknown])))


def versioned(frame: DataFrame, kind: Kind) -> DataFrame:
    """Add the version that orders two states of a row, and the hash of its content.

    A row that does not say when it was changed counts as changed on the day it reached us: as the
    oldest of all, it would never change anything.
    """
    from pyspark.sql import functions as F

    changed = F.col("updated_at") if "updated_at" in kind.silver.names else F.lit(None)
    arrived = F.col("known_from").cast("timestamp")
    version = F.concat_ws(
        "-",
        F.date_format(F.coalesce(changed.cast("timestamp"), arrived), "yyyyMMddHHmmss"),
        F.date_format("known_from", "yyyyMMdd"),
        F.lpad(F.col("generation").cast("string"), 4, "0"),
    )
    content = [
        F.to_json(c) if kind.silver.column(c).type.startswith("map<") else F.col(c)
        for c in kind.silver.names
        if c not in PROVENANCE_NAMES
    ]
    return frame.withColumns({"version": version, "row_hash": F.xxhash64(*content)})


def _judged(frame: DataFrame, mapping: Mapping) -> DataFrame:
    """Add what is wrong with the row's time and what rules of the table's suite it breaks."""
    from pyspark.sql import functions as F

    found = [F.col(REASONS)]
    if mapping.kind.time is not None:
        time = mapping.kind.time
        # Business days, which have 23 to 25 hours: from the begin of the oldest to the last's end.
        day, back = F.date_add("known_from", 1), mapping.feed.limits.oldest_days
        end, oldest = (
            F.to_utc_timestamp(d.cast("timestamp"), mapping.main.time_zone)
            for d in (day, F.date_sub(day, back))
        )
        latest = end + F.expr(f"INTERVAL {int(mapping.future_tolerance.total_seconds())} SECONDS")
        shown = F.date_format(time, "yyyy-MM-dd HH:mm")
        future = F.when(
            F.col(time) >= latest, F.concat(F.lit(f"{time}: in the future: "), shown)
        ).when(F.col(time) < oldest, F.concat(F.lit(f"{time}: too old: "), shown))
        found.append(told([future]))
    for message, condition in mapping.feed.rules.items():
        broken = F.when(~F.coalesce(F.expr(condition), F.lit(False)), F.lit(message))
        found.append(told([broken]))
    suite = suite_of(mapping.kind.silver.id)
    if suite is not None:
        found.append(broken_rules(suite))
    return frame.withColumn(REASONS, F.array_distinct(F.concat(*found)))
