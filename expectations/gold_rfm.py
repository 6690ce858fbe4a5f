"""What a person's recency, frequency and monetary value must be."""

from expectations.kinds import Aggregate, of_tonight, volume
from expectations.reference import FoundIn
from expectations.rule import RowRule
from expectations.suite import Suite
from jobs.lake.tables.gold import PROFILES, RFM


def _scored(name: str) -> RowRule:
    return RowRule(
        f"{name}_range", f"({name} BETWEEN 1 AND 5) IS NOT FALSE", f"{name} is not 1 to 5"
    )


def _follows(score: str, sign: str, column: str) -> Aggregate:
    best, worst = (f"AVG({column}) FILTER (WHERE {score} = {n})" for n in (5, 1))
    return Aggregate(
        name=f"{score}_follows",
        message=f"those with {score} 5 are no better in {column} than those with 1",
        sql=f"{sign}({best} - {worst})",
        low=0,
    )


SUITE = Suite(
    RFM,
    row_rules=(
        RowRule("recency_sign", "(recency_days >= 0) IS NOT FALSE", "recency_days is negative"),
        RowRule("bought", "(frequency >= 1) IS NOT FALSE", "a person without an order"),
        _scored("r_score"),
        _scored("f_score"),
        _scored("m_score"),
        RowRule("segment_named", "(TRIM(segment) <> '') IS NOT FALSE", "segment has no name"),
    ),
    table_rules=(
        of_tonight(),
        _follows("r_score", "-", "recency_days"),
        _follows("f_score", "", "frequency"),
        _follows("m_score", "", "monetary"),
        FoundIn(
            name="profiles_exist",
            message="persons are scored who have no profile tonight",
            column="person_id",
            table=PROFILES,
            other="person_id",
        ),
        volume(),
    ),
)
