"""The tables of the lake, a file a layer."""

from jobs.lake.contract import Table, by_id
from jobs.lake.tables import (
    audit,
    bronze,
    gold,
    golden,
    identity,
    late,
    maintenance,
    matching,
    migrations,
    ops,
    requests,
    serving,
    silver,
)

TABLES: dict[str, Table] = by_id(
    (
        *bronze.TABLES,
        *silver.TABLES,
        *identity.TABLES,
        *matching.TABLES,
        *golden.TABLES,
        *gold.TABLES,
        *serving.TABLES,
        *ops.TABLES,
        *late.TABLES,
        *maintenance.TABLES,
        *migrations.TABLES,
        *audit.TABLES,
        *requests.TABLES,
    )
)
"""Every table by its id, in the order of the data's way."""
