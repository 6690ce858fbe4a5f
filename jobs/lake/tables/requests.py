"""Requests: what people have asked for, and how far it is."""

from jobs.lake.contract import Column, Refresh, Table
from jobs.lake.tables.columns import PSEUDO, PUBLIC, RECORDED_AT

REQUESTS = Table(
    layer="ops",
    name="requests",
    columns=(
        Column("request_id", "string", "The request.", nullable=False),
        Column("kind", "string", "erasure.", nullable=False),
        Column(
            "subject",
            "string",
            "Keyed hash (HMAC-SHA-256) of the person's id: tells that two are of one person, and "
            "not of whom.",
            nullable=False,
        ),
        Column("why", "string", "Reason, as the number it was asked under.", PSEUDO),
        Column("asked_by", "string", "Account that entered it.", PSEUDO),
        Column("asked_at", "timestamp", "When (UTC).", nullable=False),
        Column("deadline", "timestamp", "By when it has to be done (UTC).", nullable=False),
        Column("state", "string", "open, done or failed; the latest row counts.", nullable=False),
        Column("step", "string", "Step that was done last, or that failed."),
        Column("error", "string", "What failed."),
        RECORDED_AT,
    ),
    key=("request_id", "recorded_at"),
    refresh=Refresh.APPEND,
    owner="privacy",
    otherwise=PUBLIC,
    nobody="names nobody: a keyed hash stands for the person",
    description="What people have asked for and how far it is, a row a step.",
)

SUPPRESSIONS = Table(
    layer="vault",
    name="suppressions",
    columns=(
        Column(
            "hash",
            "string",
            "Keyed hash (HMAC-SHA-256) of an identifier, record or token of who was erased.",
            PSEUDO,
            nullable=False,
        ),
        Column("request_id", "string", "The request.", nullable=False),
        Column(
            "erased_at",
            "timestamp",
            "When (UTC): what is older does not come back.",
            nullable=False,
        ),
    ),
    key=("hash", "request_id"),
    refresh=Refresh.APPEND,
    owner="privacy",
    otherwise=PUBLIC,
    nobody="hashes that tell who is not to come back, and lead to nobody",
    description="Who was erased, as keyed hashes, so that rows of before do not come back.",
)

TABLES = (REQUESTS, SUPPRESSIONS)
