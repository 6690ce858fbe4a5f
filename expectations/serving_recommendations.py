"""What a recommendation must be before it is shown to anybody."""

from expectations.kinds import EveryGroup, EveryRow, Unique, not_empty, of_tonight, volume
from expectations.reference import FoundIn
from expectations.rule import RowRule, one_of
from expectations.suite import Suite
from jobs.lake.tables.identity import PERSONS
from jobs.lake.tables.serving import RECOMMENDATIONS
from jobs.lake.tables.silver import PRODUCTS

SUITE = Suite(
    RECOMMENDATIONS,
    row_rules=(
        RowRule("rank_range", "(rank BETWEEN 1 AND 20) IS NOT FALSE", "rank is not 1 to 20"),
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
        RowRule("reason_worded", "(TRIM(reason) <> '') IS NOT FALSE", "the reason has no words"),
        RowRule(
            "model_named",
            "(TRIM(model_version) <> '') IS NOT FALSE",
            "the model has no version",
        ),
        RowRule(
            "expires",
            "expires_at > generated_at",
            "it expires before it is made, or one of the times is missing",
        ),
    ),
    table_rules=(
        not_empty(),
        of_tonight(),
        EveryRow(
            name="still_good",
            message="recommendations have expired by the end of the night they are of",
            condition="(expires_at > {as_of}) IS NOT FALSE",
        ),
        EveryGroup(
            name="ranks_dense",
            message="persons whose ranks are not 1, 2, 3 without a gap",
            by=("person_id",),
            # With the key, which has the rank once.
            condition="MIN(rank) = 1 AND MAX(rank) = COUNT(1)",
        ),
        Unique(
            name="products_once",
            message="a person is shown a product twice",
            columns=("person_id", "product_id"),
        ),
        FoundIn(
            name="persons_exist",
            message="recommendations for a person that identity.persons lacks",
            column="person_id",
            table=PERSONS,
            other="person_id",
        ),
        FoundIn(
            name="products_for_sale",
            message="what is shown is no product of the catalogue (postage, a gift card, gone)",
            column="product_id",
            table=PRODUCTS,
            other="product_id",
            where="item_type = 'product'",
        ),
        volume(),
    ),
)
