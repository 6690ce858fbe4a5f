"""What an identifier that names another person must be."""

from expectations.rule import RowRule
from expectations.suite import Suite
from jobs.lake.tables.matching import NAMES

SUITE = Suite(
    NAMES,
    row_rules=(
        RowRule(
            "is_person", "(STARTSWITH(person_id, 'p_')) IS NOT FALSE", "person_id names no person"
        ),
    ),
)
