"""The ledger of feeds whose files had not come when a night wanted them."""

from jobs.lake.contract import Column, Refresh, Table
from jobs.lake.tables.columns import ENGINEERING, PUBLIC, RECORDED_AT, RUN_ID, SOURCE

LATE_FEEDS = Table(
    layer="ops",
    name="late_feeds",
    columns=(
        SOURCE,
        Column("as_of", "date", "Business day whose files had not come.", nullable=False),
        Column("wanted", "int", "Files that the catalogue wants of a day.", nullable=False),
        Column("found", "int", "Files of the day that were there.", nullable=False),
        Column("wait_until", "timestamp", "Until when a night waits (UTC); null if it does not."),
        Column(
            "outcome",
            "string",
            "went_on, stopped, or released: a decision let the night go on.",
            nullable=False,
        ),
        RUN_ID,
        RECORDED_AT,
    ),
    key=("source", "as_of", "recorded_at"),
    refresh=Refresh.APPEND,
    owner=ENGINEERING,
    otherwise=PUBLIC,
    description="Feeds that were late, a row a night and outcome; what came since is in "
    "`ops.files`.",
)

TABLES = (LATE_FEEDS,)
