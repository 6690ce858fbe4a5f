"""What a sighting of a device or a cookie must be."""

from expectations.kinds import volume
from expectations.rule import RowRule
from expectations.suite import Suite
from jobs.lake.tables.identity import SIGHTINGS

SUITE = Suite(
    SIGHTINGS,
    row_rules=(
        RowRule(
            "of_something",
            "device IS NOT NULL OR cookie IS NOT NULL",
            "neither a device nor a cookie",
        ),
        RowRule(
            "typed",
            "(device RLIKE '^device:.') IS NOT FALSE AND (cookie RLIKE '^cookie:.') IS NOT FALSE"
            " AND (known_as RLIKE '^(login|customer_no):.') IS NOT FALSE",
            "an identifier is not <type>:<value> of its column's type",
        ),
        RowRule("span", "(first_seen <= last_seen) IS NOT FALSE", "last_seen is before first_seen"),
    ),
    table_rules=(volume("warn"),),
)
