"""The vault's addresses: the only place of the pipeline where one is decrypted."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd  # PySpark reads the annotations of the functions it is given

from jobs.privacy import keyring

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def sealed_addresses(
    addresses: DataFrame, contacts: DataFrame, keys: DataFrame, *, first: Collection[str]
) -> DataFrame:
    """Find the encrypted addresses behind tokens.

    Parameters
    ----------
    addresses : DataFrame
        ``person_id``, ``email_token``; each of both once.
    contacts, keys : DataFrame
        ``vault.contacts`` and ``vault.keys``.
    first : collection of str
        Feeds that are looked into first. Others, as of messages, hold most rows of the vault, and
        an address is in them alone only if no record or consent names it.

    Returns
    -------
    DataFrame
        ``person_id``, ``recipient``: record, key and value of an address, for :func:`opened`. A
        token whose records have lost their keys is left out: the person was erased.
    """
    from pyspark.sql import functions as F

    of_first = F.col("source").isin(*first)
    found = _sealed_among(addresses, contacts.where(of_first), keys.where(of_first))
    found = found.localCheckpoint()
    lacking = addresses.join(found, "person_id", "left_anti").localCheckpoint()
    if lacking.isEmpty():
        return found
    others = _sealed_among(lacking, contacts.where(~of_first), keys.where(~of_first))
    return found.unionByName(others)


def _sealed_among(addresses: DataFrame, contacts: DataFrame, keys: DataFrame) -> DataFrame:
    from pyspark.sql import functions as F

    email = F.col("sealed")["email"]
    held = contacts.where(email.isNotNull()).select(
        "email_token", "record_id", email.alias("sealed")
    )
    # The tokens first: they are fewer than what the vault holds.
    return (
        held.join(addresses, "email_token")
        .join(keys.select("record_id", "wrapped_key"), "record_id")
        .groupBy("person_id")
        .agg(F.min(F.struct("record_id", "wrapped_key", "sealed")).alias("recipient"))
    )


def opened(rows: DataFrame, key_file: Path) -> DataFrame:
    """Decrypt the addresses of rows that are otherwise ready to leave.

    The last step before they do: what Spark shuffles, sorts and spills on the way is encrypted.

    Parameters
    ----------
    rows : DataFrame
        With ``recipient`` as of :func:`sealed_addresses`.
    key_file : Path
        The master key.
    """
    from pyspark.sql.pandas.functions import pandas_udf

    unseal = pandas_udf(_unsealing(key_file), "string")  # type: ignore[call-overload]
    return rows.withColumn(
        "recipient", unseal("recipient.record_id", "recipient.wrapped_key", "recipient.sealed")
    )


def _unsealing(key_file: Path) -> Callable[[pd.Series, pd.Series, pd.Series], pd.Series]:
    def unseal(records: pd.Series, wrapped: pd.Series, sealed: pd.Series) -> pd.Series:
        ring = keyring.read_keyring(key_file)
        return pd.Series(
            [
                keyring.unseal(ring.unwrap(record, key), record, "email", value)
                for record, key, value in zip(records, wrapped, sealed, strict=True)
            ],
            dtype=object,
        )

    return unseal
