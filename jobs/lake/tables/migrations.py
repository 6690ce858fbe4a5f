"""The ledger of migrations."""

from jobs.lake.contract import Column, Refresh, Table
from jobs.lake.tables.columns import ENGINEERING, PUBLIC, RECORDED_AT

MIGRATIONS_RUN = Table(
    layer="ops",
    name="migrations",
    columns=(
        Column("migration_id", "string", "The migration.", nullable=False),
        Column("step", "int", "Its step, from 0.", nullable=False),
        Column("action", "string", "run, back (taken back) or anew (made empty).", nullable=False),
        Column("table", "string", "Table that it changes.", nullable=False),
        Column("what", "string", "What the step does."),
        Column("why", "string", "Why the migration is there."),
        Column("version_before", "bigint", "Delta version before; null where nothing was to do."),
        Column("version_after", "bigint", "Delta version after; null where none was made."),
        Column("release", "string", "Release that ran it."),
        RECORDED_AT,
    ),
    key=("migration_id", "step", "recorded_at"),
    refresh=Refresh.APPEND,
    owner=ENGINEERING,
    otherwise=PUBLIC,
    description="Migrations that ran and that were taken back, a row a step; the last row counts.",
)

TABLES = (MIGRATIONS_RUN,)
