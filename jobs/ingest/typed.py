"""Typed values: a column's text, read as what the contract wants, and what is wrong with it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from jobs.ingest.mapping import Mapping
from jobs.ingest.parts import Mapped
from jobs.ingest.reading import ROW, has_no_text

if TYPE_CHECKING:
    from pyspark.sql import Column

DEFAULTS = {
    ("orders", "kind"): "sale",
    ("products", "item_type"): "product",
    ("consents", "basis"): "consent",
}
"""What an unmapped canonical column holds, where null would be wrong."""
MONEY_COLUMNS = ("unit_price", "discount", "amount", "price", "value")
_OFFSET = r":\d{2}(\.\d+)?\s*(Z|UTC|GMT|[+-]\d{1,2}(:?\d{2})?|[A-Za-z_]+/[A-Za-z_/]+)$"
"""A zone after a time of day; `02-03-2026` has none."""
_OFFSET_LETTERS = re.compile(r"[XxZzVO](?=([^']*'[^']*')*[^']*$)")
"""Letters of a pattern that read a zone, outside its quotes."""


def typed(mapping: Mapping, name: str, target: str) -> tuple[Column, Column | None]:
    """Return a canonical column and the column of its problem."""
    from pyspark.sql import functions as F

    mapped = mapping.feed.columns.get(name)
    if mapped is None:
        return F.lit(DEFAULTS.get((mapping.kind.name, name))).cast(target), None
    value = F.expr(mapped.expr)
    if target.startswith(("array<", "map<")):
        return value.cast(target), None
    text = F.nullif(F.trim(value.cast("string")), F.lit(""))
    if target == "string":
        return text, None
    read = _cast(text, mapped, target, mapping)
    problem = F.when(
        text.isNotNull() & read.isNull(),
        F.concat(F.lit(f"{name}: not a {target}: "), shown(text)),
    )
    if target.startswith("decimal"):
        decimals = _decimals(name, target, mapping)
        exact = text.try_cast("decimal(38,10)")
        problem = F.coalesce(
            problem,
            F.when(
                F.round(exact, decimals) != exact,
                F.concat(F.lit(f"{name}: more than {decimals} decimals: "), shown(text)),
            ),
        )
    return read, problem


def _decimals(name: str, target: str, mapping: Mapping) -> int:
    if name in MONEY_COLUMNS:
        return mapping.feed.money_decimals
    return int(target[8:-1].split(",")[1])


def _cast(text: Column, mapped: Mapped, target: str, mapping: Mapping) -> Column:
    from pyspark.sql import functions as F

    if target not in ("timestamp", "date"):
        return text.try_cast(target)
    if mapped.format is not None:
        moment = F.try_to_timestamp(text, F.lit(mapped.format))
    else:
        moment = text.try_cast("timestamp")
    if target == "date":
        return moment.cast("date") if mapped.format else text.try_cast("date")
    local = F.to_utc_timestamp(moment, mapping.time_zone)
    if mapped.format is not None:
        return moment if _OFFSET_LETTERS.search(mapped.format) else local
    return F.when(text.rlike(_OFFSET), moment).otherwise(local)


def shown(text: Column) -> Column:
    """Text for a message: short, and no longer the whole of what may be personal."""
    from pyspark.sql import functions as F

    return F.concat(F.lit("'"), F.substring(text, 1, 40), F.lit("'"))


def encoding() -> Column:
    """Return the problem of a row that has bytes which are no text."""
    from pyspark.sql import functions as F

    broken = has_no_text(f"{ROW}.raw")
    return F.when(broken, F.lit("encoding: a value has bytes that are no text in this encoding"))
