"""The ledger of maintenance."""

from jobs.lake.contract import Column, Refresh, Table
from jobs.lake.tables.columns import ENGINEERING, PSEUDO, PUBLIC


def _before_and_after(name: str, what: str) -> tuple[Column, Column]:
    return (
        Column(f"{name}_before", "bigint", f"{what}, before."),
        Column(f"{name}_after", "bigint", f"{what}, after."),
    )


MAINTENANCE = Table(
    layer="ops",
    name="maintenance",
    columns=(
        Column("run_id", "string", "The run: `<dag>:<day>`, or `manual:<day>`.", nullable=False),
        Column(
            "table", "string", "Table, or folder of the home, as `exports/email`.", nullable=False
        ),
        Column("started_at", "timestamp", "Start (UTC).", nullable=False),
        Column("ended_at", "timestamp", "End (UTC)."),
        Column("state", "string", "succeeded or failed.", nullable=False),
        *_before_and_after("files", "Files of the latest version"),
        *_before_and_after("small_files", "Files to be joined: small or without statistics"),
        *_before_and_after("bytes", "Size of the files"),
        *_before_and_after("log_files", "Files of the Delta log"),
        *_before_and_after("version", "Delta version"),
        Column("rows_expired", "bigint", "Rows removed, as older than the table's retention."),
        Column("files_vacuumed", "bigint", "Files removed that no version kept needs any more."),
        Column("error", "string", "What failed, in one line.", PSEUDO),
    ),
    key=("run_id", "table", "started_at"),
    refresh=Refresh.APPEND,
    owner=ENGINEERING,
    otherwise=PUBLIC,
    nobody="messages of ours, which hold no value of a person",
    description="What maintenance found and did, a row a table and run.",
)

TABLES = (MAINTENANCE,)
