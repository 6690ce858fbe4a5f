"""Serving: what is shown to whom."""

from jobs.lake.contract import Column, Privacy, Refresh, Table
from jobs.lake.tables.columns import AS_OF, PERSON_ID, PUBLIC

RECOMMENDATIONS = Table(
    layer="serving",
    name="recommendations",
    columns=(
        PERSON_ID,
        Column("rank", "int", "1 for the best.", nullable=False),
        Column("product_id", "string", "Product, as the shop numbers it.", nullable=False),
        Column("score", "double", "Score of the strategy.", Privacy.PSEUDONYMOUS, nullable=False),
        Column("strategy", "string", "als, popular_in_segment or popular.", nullable=False),
        Column("reason", "string", "Why, in words for the person.", Privacy.PSEUDONYMOUS, False),
        Column("model_version", "string", "Registered model and version.", nullable=False),
        Column("generated_at", "timestamp", "End of the business day it follows from (UTC)."),
        Column("expires_at", "timestamp", "Not to be shown from here on (UTC)."),
        AS_OF,
    ),
    key=("as_of", "person_id", "rank"),
    refresh=Refresh.REPLACE_DATE,
    owner="data science",
    otherwise=PUBLIC,
    description="Recommended products of each person, a version a night; `ops.publications` says "
    "which night is shown.",
    date="as_of",
    partition_by=("as_of",),
    retention_days=14,
)

TABLES = (RECOMMENDATIONS,)
