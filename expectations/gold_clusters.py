"""What a person's behavioural cluster must be."""

from expectations.kinds import of_tonight, volume
from expectations.reference import FoundIn
from expectations.rule import RowRule
from expectations.suite import Suite
from jobs.lake.tables.gold import CLUSTERS, PROFILES

SUITE = Suite(
    CLUSTERS,
    row_rules=(
        RowRule("label_sign", "(cluster >= 0) IS NOT FALSE", "cluster is negative"),
        RowRule("cluster_named", "(TRIM(name) <> '') IS NOT FALSE", "the cluster has no name"),
        RowRule(
            "distance_is_one",
            "(distance >= 0 AND distance < DOUBLE('Infinity')) IS NOT FALSE",
            "distance is negative or no number",
        ),
    ),
    table_rules=(
        of_tonight(),
        FoundIn(
            name="profiles_exist",
            message="persons are clustered who have no profile tonight",
            column="person_id",
            table=PROFILES,
            other="person_id",
        ),
        volume(),
    ),
)
