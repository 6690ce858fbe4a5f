"""Nodes of the identity graph: identifiers written as ``<type>:<value>``."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

RECORD = "record"
EMAIL = "email"

STRONG = (RECORD, "customer_no", "login", "loyalty_no")
"""Types that a source gives to one person; those seen together are one person."""
CONTACTS = (EMAIL, "phone")
"""Types that a household may share, but that two systems know one person by."""

COLUMN_TYPES = {
    "login": "login",
    "customer_no": "customer_no",
    "loyalty_no": "loyalty_no",
    "email_token": EMAIL,
    "phone_token": "phone",
    "cookie_id": "cookie",
    "device_id": "device",
}
"""Silver column to the type of its node, from the strongest to the weakest. A cookie comes before
a device, because one device has the browsers of several people."""


def node(type_name: str, column: str) -> Column:
    """Return ``<type>:<value>`` of a column; null where it is null or empty."""
    value = F.col(column)
    return F.when(F.length(value) > 0, F.concat(F.lit(f"{type_name}:"), value))


def node_type(column: str) -> Column:
    """Return the type of a node, the part before the first colon."""
    return F.substring_index(F.col(column), ":", 1)
