"""What a person's time in a segment must be."""

from expectations.kinds import AcrossRows, EveryRow, volume
from expectations.reference import FoundIn
from expectations.rule import RowRule, one_of
from expectations.suite import Suite
from jobs.lake.tables.gold import SEGMENTS
from jobs.lake.tables.identity import PERSONS

SUITE = Suite(
    SEGMENTS,
    row_rules=(
        RowRule("known_family", one_of("family", "rfm", "cluster"), "family is not rfm or cluster"),
        RowRule("segment_named", "(TRIM(segment) <> '') IS NOT FALSE", "segment has no name"),
        RowRule("span", "(valid_from < valid_to) IS NOT FALSE", "valid_to is not after valid_from"),
    ),
    table_rules=(
        EveryRow(
            name="nothing_ahead",
            message="spans begin or end after the night",
            condition="(valid_from <= {as_of} AND valid_to <= {as_of}) IS NOT FALSE",
        ),
        AcrossRows(
            name="one_open_span",
            message="persons are in two segments of a family at once, without an end",
            condition="COUNT_IF(valid_to IS NULL) OVER (PARTITION BY person_id, family) <= 1",
        ),
        AcrossRows(
            name="no_overlap",
            message="a span begins before the one before it has ended",
            condition="(LAG(COALESCE(valid_to, DATE'9999-12-31')) OVER"
            " (PARTITION BY person_id, family ORDER BY valid_from) <= valid_from) IS NOT FALSE",
        ),
        FoundIn(
            name="persons_exist",
            message="persons are in a segment whom identity.persons lacks",
            column="person_id",
            table=PERSONS,
            other="person_id",
            # A span that has ended keeps the person it was of, who may be another's part by now.
            among="valid_to IS NULL",
        ),
        volume(),
    ),
)
