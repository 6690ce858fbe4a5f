"""Resolution: from what a row names to the person it belongs to."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.identity.nodes import COLUMN_TYPES, node


def identifier_of(*columns: str) -> Column:
    """Return the strongest identifier a row has, as ``<type>:<value>``; null where it has none.

    Parameters
    ----------
    *columns : str
        Columns of the frame, in any order; those that name nobody are passed over, so
        ``identifier_of(*frame.columns)`` works. The order of strength is login, customer_no,
        loyalty_no, email, phone, cookie, device.

    Raises
    ------
    ValueError
        None of the columns is an identifier.
    """
    known = [node(kind, name) for name, kind in COLUMN_TYPES.items() if name in columns]
    if not known:
        raise ValueError(
            f"None of the columns {columns} names anybody; identifiers are {tuple(COLUMN_TYPES)}"
        )
    return F.coalesce(*known)


def with_person(frame: DataFrame, identifiers: DataFrame, at: str | None = None) -> DataFrame:
    """Add ``person_id`` to a frame by its column ``identifier``, and the time it was used at.

    Rows whose identifier is null or unknown are kept, with a null ``person_id``. Spark chooses
    the kind of join: it broadcasts the identifiers while they are few.

    Parameters
    ----------
    frame : DataFrame
        Rows, of which none is repeated or lost.
    identifiers : DataFrame
        Rows of ``identity.identifiers``.
    at : str, optional
        The frame's column of the time (UTC). Without one, and for a row that lacks it, devices
        and cookies that were not one person's throughout tell nobody.
    """
    if at is None:
        always = identifiers.where("valid_from IS NULL AND valid_to IS NULL")
        return frame.join(always.select("identifier", "person_id"), on="identifier", how="left")
    people = identifiers.select(
        F.col("identifier").alias("_identifier"),
        "person_id",
        F.col("valid_from").alias("_from"),
        F.col("valid_to").alias("_to"),
    )
    begun = F.col("_from").isNull() | (F.col("_from") <= F.col(at))
    not_ended = F.col("_to").isNull() | (F.col(at) < F.col("_to"))
    same = F.col("identifier") == F.col("_identifier")
    return frame.join(people, same & begun & not_ended, "left").drop("_identifier", "_from", "_to")
