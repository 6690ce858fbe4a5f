"""Sealing: personal values leave the clear before bronze is written.

Columns marked PII, and columns that the catalogue does not know (they may be anything), are
encrypted with the data key of their record; canonical PII columns also get keyed tokens, which is
all that silver sees of them.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd  # PySpark reads the annotations of the functions it is given

from jobs.ingest import normalise
from jobs.ingest.catalogue import Feed, Source
from jobs.ingest.kinds import KINDS
from jobs.ingest.reading import ROW, beside_their_columns
from jobs.privacy import keyring

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

MAP = "map<string,string>"


def minted_key(ring: keyring.Keyring, record_id: str) -> dict[str, str]:
    """Make the data key of one record: ``record_id``, ``wrapped_key``, ``master_key_id``."""
    wrapped = ring.new_key(record_id)
    return {"record_id": record_id, "wrapped_key": wrapped, "master_key_id": ring.id}


def minted_keys(records: DataFrame, key_file: Path, master_key_id: str) -> DataFrame:
    """Make a data key for each record.

    Parameters
    ----------
    records : DataFrame
        ``record_id`` string, each once, none with a key yet.
    key_file : Path
        The master key.
    master_key_id : str
        Its id.

    Returns
    -------
    DataFrame
        ``record_id``, ``wrapped_key``, ``master_key_id``.
    """
    from pyspark.sql import functions as F
    from pyspark.sql.pandas.functions import pandas_udf

    mint = pandas_udf(_minting(key_file), "string")  # type: ignore[call-overload]
    # A key is drawn at random: Spark must not draw it twice for one row.
    return records.select(
        "record_id",
        mint.asNondeterministic()("record_id").alias("wrapped_key"),
        F.lit(master_key_id).alias("master_key_id"),
    )


def sealed(rows: DataFrame, source: Source, feed: Feed, key_file: Path) -> DataFrame:
    """Encrypt what is personal in raw rows.

    Parameters
    ----------
    rows : DataFrame
        ``record_id``, ``wrapped_key``, ``raw``, ``corrupt`` and more.
    source, feed : Source, Feed
        Say which columns are PII and how they map.
    key_file : Path
        The master key.

    Returns
    -------
    DataFrame
        The same rows with ``raw`` and ``corrupt`` encrypted where personal, and added ``tokens``
        and ``sealed`` (canonical PII column to token, to encrypted value).
    """
    from pyspark.sql import functions as F
    from pyspark.sql.pandas.functions import pandas_udf

    known = [n for n in feed.field_names if n not in feed.pii]
    mapped = {c: feed.columns[c].expr for c in KINDS[feed.kind].pii if c in feed.columns}
    exploded = beside_their_columns(rows, feed.field_names)
    values = F.to_json(F.struct(*[F.expr(e).cast("string").alias(c) for c, e in mapped.items()]))
    secret = F.map_filter(F.col(f"{ROW}.raw"), lambda k, _: ~k.isin(known))
    work = exploded.select(
        f"{ROW}.*",
        F.to_json(secret).alias("_secret"),
        (values if mapped else F.lit("{}")).alias("_values"),
    )
    udf = pandas_udf(  # type: ignore[call-overload]
        _sealing(key_file, source.country),
        "raw string, corrupt string, tokens string, sealed string",
    )
    done = udf.asNondeterministic()("record_id", "wrapped_key", "_secret", "corrupt", "_values")
    plain = F.map_filter(F.col("raw"), lambda k, _: k.isin(known))
    return work.withColumn("_done", done).select(
        *[c for c in rows.columns if c not in ("raw", "corrupt", "wrapped_key")],
        F.when(
            F.col("raw").isNotNull(),
            F.map_concat(plain, F.from_json("_done.raw", MAP)),
        ).alias("raw"),
        F.col("_done.corrupt").alias("corrupt"),
        F.from_json("_done.tokens", MAP).alias("tokens"),
        F.from_json("_done.sealed", MAP).alias("sealed"),
    )


def _minting(key_file: Path) -> Callable[[pd.Series], pd.Series]:
    def mint(record_ids: pd.Series) -> pd.Series:
        ring = keyring.read_keyring(key_file)
        return record_ids.map(ring.new_key)

    return mint


def _sealing(key_file: Path, region: str) -> Callable[..., pd.DataFrame]:
    def seal(
        record_ids: pd.Series,
        wrapped: pd.Series,
        secrets: pd.Series,
        corrupts: pd.Series,
        values: pd.Series,
    ) -> pd.DataFrame:
        ring = keyring.read_keyring(key_file)
        rows = [
            _seal_row(ring, region, *row)
            for row in zip(record_ids, wrapped, secrets, corrupts, values, strict=True)
        ]
        return pd.DataFrame(rows, columns=["raw", "corrupt", "tokens", "sealed"], dtype=object)

    return seal


def _seal_row(
    ring: keyring.Keyring,
    region: str,
    record_id: str,
    wrapped: str,
    secret: str | None,
    corrupt: str | None,
    values: str,
) -> tuple[str, str | None, str, str]:
    key = ring.unwrap(record_id, wrapped)
    raw = {
        column: keyring.seal(key, record_id, column, value)
        for column, value in json.loads(secret or "{}").items()
    }
    tokens, sealed_values = {}, {}
    for column, value in json.loads(values).items():
        normal = normalise.normaliser(column, region)(value)
        # What has no normal form is kept in the vault as it came, but identifies nobody.
        kept = value if normal is None or column not in ("email", "phone") else normal
        sealed_values[column] = keyring.seal(key, record_id, column, kept)
        if normal is not None:
            tokens[column] = ring.token(column, normal)
    text = keyring.seal(key, record_id, "corrupt", corrupt) if corrupt else None
    return json.dumps(raw), text, json.dumps(tokens), json.dumps(sealed_values)
