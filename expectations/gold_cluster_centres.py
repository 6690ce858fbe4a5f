"""What the centre of a behavioural cluster must be."""

from expectations.kinds import Aggregate, of_tonight
from expectations.rule import RowRule
from expectations.suite import Suite
from jobs.lake.tables.gold import CLUSTER_CENTRES

SUITE = Suite(
    CLUSTER_CENTRES,
    row_rules=(
        RowRule("label_sign", "(cluster >= 0) IS NOT FALSE", "cluster is negative"),
        RowRule("cluster_named", "(TRIM(name) <> '') IS NOT FALSE", "the cluster has no name"),
        RowRule("inhabited", "(persons >= 1) IS NOT FALSE", "nobody is in the cluster"),
        RowRule(
            "centre_given",
            "COALESCE(SIZE(centre), 0) > 0"
            " AND NOT EXISTS(MAP_VALUES(centre), v -> v IS NULL OR ISNAN(v))",
            "the centre is empty or no number",
        ),
        RowRule(
            "silhouette_range",
            "(silhouette BETWEEN -1 AND 1) IS NOT FALSE",
            "silhouette is not -1 to 1",
        ),
    ),
    table_rules=(
        of_tonight(),
        Aggregate(
            name="tells_apart",
            message="a single cluster tells nobody from another",
            severity="warn",
            sql="NULLIF(COUNT(1), 0)",
            low=2,
            of="rows",
        ),
    ),
)
