"""Recipients: who may be written to, and at which address; the only job that opens the vault."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd  # PySpark reads the annotations of the functions it is given

from jobs.identity.resolve import with_person
from jobs.ingest import keyring
from jobs.profiles.consent import addresses_of, current_consents, said_by

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def consented_addresses(
    customers: DataFrame,
    consents: DataFrame,
    identifiers: DataFrame,
    persons: DataFrame,
    *,
    as_of: date,
    channel: str,
    purpose: str,
) -> DataFrame:
    """Choose one address a person, and one person an address.

    Of several addresses a person agreed to, the first by its token is taken; an address that
    several people agreed at goes to the one seen last.

    Returns
    -------
    DataFrame
        ``person_id``, ``email_token``; each of both once.
    """
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    agreed = (
        current_consents(
            consents, identifiers, as_of, addresses=addresses_of(customers, identifiers)
        )
        .where((F.col("channel") == channel) & (F.col("purpose") == purpose) & F.col("granted"))
        .where("email_token IS NOT NULL")
        .select("person_id", "email_token")
        .distinct()
        .join(persons.select("person_id", "last_seen"), "person_id")
    )
    by_address = Window.partitionBy("email_token").orderBy(F.desc("last_seen"), "person_id")
    by_person = Window.partitionBy("person_id").orderBy("email_token")
    return (
        agreed.withColumn("_nth", F.row_number().over(by_address))
        .where("_nth = 1")
        .withColumn("_nth", F.row_number().over(by_person))
        .where("_nth = 1")
        .select("person_id", "email_token")
    )


def opened_addresses(
    addresses: DataFrame, contacts: DataFrame, keys: DataFrame, key_file: Path
) -> DataFrame:
    """Decrypt the addresses behind tokens.

    Parameters
    ----------
    addresses : DataFrame
        ``person_id``, ``email_token``.
    contacts, keys : DataFrame
        ``vault.contacts`` and ``vault.keys``.
    key_file : Path
        The master key.

    Returns
    -------
    DataFrame
        ``person_id``, ``recipient``: the address in the clear. A token whose record has lost its
        key is left out: the person was erased.
    """
    from pyspark.sql import functions as F
    from pyspark.sql.pandas.functions import pandas_udf

    held = contacts.where(F.col("sealed")["email"].isNotNull()).select(
        "email_token", "record_id", F.col("sealed")["email"].alias("sealed")
    )
    readable = held.join(keys.select("record_id", "wrapped_key"), "record_id")
    one = readable.groupBy("email_token").agg(
        F.min_by(F.struct("record_id", "wrapped_key", "sealed"), "record_id").alias("c")
    )
    unseal = pandas_udf(_unsealing(key_file), "string")  # type: ignore[call-overload]
    return addresses.join(one, "email_token").select(
        "person_id", unseal("c.record_id", "c.wrapped_key", "c.sealed").alias("recipient")
    )


def customer_numbers(identifiers: DataFrame, persons: DataFrame) -> DataFrame:
    """``person_id``, ``recipient``: the first customer number of every known person."""
    from pyspark.sql import functions as F

    numbers = identifiers.where(F.col("type") == "customer_no")
    return (
        numbers.join(persons.where("kind = 'known'").select("person_id"), "person_id")
        .groupBy("person_id")
        .agg(F.min(F.substring_index("identifier", ":", -1)).alias("recipient"))
    )


def withdrawn(
    consents: DataFrame, identifiers: DataFrame, *, as_of: date, purpose: str
) -> DataFrame:
    """``person_id`` of those whose latest act for a purpose withdraws it."""
    from pyspark.sql import functions as F

    acts = with_person(
        consents.where((F.col("purpose") == purpose) & said_by(as_of)),
        identifiers,
    )
    order = F.struct("occurred_at", F.col("status") == "withdrawn")
    last = acts.groupBy("person_id").agg(F.max_by("status", order).alias("status"))
    return last.where("status = 'withdrawn'").select("person_id")


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
