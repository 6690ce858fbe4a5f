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


def with_person(frame: DataFrame, identifiers: DataFrame) -> DataFrame:
    """Add ``person_id`` to a frame by its column ``identifier``.

    Rows whose identifier is null or unknown are kept, with a null ``person_id``. Spark chooses
    the kind of join: it broadcasts the identifiers while they are few.
    """
    people = identifiers.select("identifier", "person_id")
    return frame.join(people, on="identifier", how="left")
