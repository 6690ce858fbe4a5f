"""What a product's score for a person must be."""

from expectations.kinds import (
    AcrossRows,
    Aggregate,
    EveryGroup,
    Unique,
    not_empty,
    of_tonight,
    volume,
)
from expectations.reference import FoundIn
from expectations.rule import RowRule, one_of
from expectations.suite import Suite
from jobs.lake.tables.gold import EVERYBODY, SCORES
from jobs.lake.tables.identity import PERSONS
from jobs.lake.tables.silver import PRODUCTS

OF_ALL = f"STARTSWITH(person_id, '{EVERYBODY}')"

SUITE = Suite(
    SCORES,
    row_rules=(
        RowRule("rank_range", "(rank >= 1) IS NOT FALSE", "rank is below 1"),
        RowRule("scored", "product_id IS NOT NULL", "a score of no product"),
        RowRule(
            "score_is_one",
            "(ABS(score) < DOUBLE('Infinity')) IS NOT FALSE",
            "score is no number",
        ),
        RowRule(
            "known_strategy",
            one_of("strategy", "als", "popular_in_segment", "popular"),
            "strategy is not als, popular_in_segment or popular",
        ),
    ),
    table_rules=(
        not_empty(),
        of_tonight(),
        EveryGroup(
            name="ranks_dense",
            message="persons whose ranks are not 1, 2, 3 without a gap",
            by=("person_id",),
            # With the key, which has the rank once.
            condition="MIN(rank) = 1 AND MAX(rank) = COUNT(1)",
        ),
        Unique(
            name="products_once",
            message="a person is given a product twice",
            columns=("person_id", "product_id"),
        ),
        AcrossRows(
            name="best_first",
            message="a better score of the same strategy ranks lower",
            severity="warn",
            condition="(score <= LAG(score) OVER (PARTITION BY person_id, strategy ORDER BY rank))"
            " IS NOT FALSE",
        ),
        FoundIn(
            name="persons_exist",
            message="products are scored for a person that identity.persons lacks",
            column="person_id",
            table=PERSONS,
            other="person_id",
            among=f"NOT {OF_ALL}",
        ),
        Aggregate(
            name="for_everybody",
            message="nothing is ranked for those who have no list of their own",
            sql=f"COUNT_IF({OF_ALL})",
            low=1,
            of="rows",
        ),
        FoundIn(
            name="products_exist",
            message="products are scored that silver.products lacks",
            column="product_id",
            table=PRODUCTS,
            other="product_id",
        ),
        volume(),
    ),
)
