"""Ops: what ran, what was refused, what was measured, what people decided."""

from jobs.lake.contract import Column, Refresh, Subject, Table
from jobs.lake.tables.columns import (
    BATCH_ID,
    ENGINEERING,
    FILE,
    FILE_ID,
    LOADED_ON,
    PSEUDO,
    PUBLIC,
    RECORDED_AT,
    RUN_ID,
    SOURCE,
)

AS_OF = Column("as_of", "date", "Business day of the run.", nullable=False)

RUNS = Table(
    layer="ops",
    name="runs",
    columns=(
        Column("run_id", "string", "The run: `<dag>:<business day>`.", nullable=False),
        Column("dag", "string", "DAG, or `manual`.", nullable=False),
        Column("job", "string", "Job.", nullable=False),
        Column("source", "string", "Feed, for jobs that read one."),
        AS_OF,
        Column("started_at", "timestamp", "Start (UTC).", nullable=False),
        Column("ended_at", "timestamp", "End (UTC)."),
        Column("state", "string", "succeeded, failed or stopped.", nullable=False),
        Column("rows_read", "bigint", "Rows read from the feed's new files."),
        Column("rows_accepted", "bigint", "Rows that changed a silver table."),
        Column("rows_quarantined", "bigint", "Rows refused, in `ops.quarantine`."),
        Column(
            "rows_duplicate",
            "bigint",
            "Rows already there, repeated, or overtaken by a newer row of the same files.",
        ),
        Column(
            "inputs",
            "map<string,bigint>",
            "Table to the Delta version that was read; `models/<name>` to the version of a model.",
        ),
        Column(
            "outputs",
            "map<string,bigint>",
            "Table to the Delta version that was written; models likewise.",
        ),
        Column("rows_written", "bigint", "Rows of the job's result."),
        Column(
            "bytes_read",
            "bigint",
            "Bytes that its queries read, of files and of rows kept in memory for a second pass.",
        ),
        Column("error", "string", "What failed, in one line.", PSEUDO),
        Column(
            "basis",
            "string",
            "Digest of what decides the result beside the inputs: code, settings, catalogue.",
        ),
        Column(
            "repeats",
            "timestamp",
            "Start (UTC) of the try of this night whose result stands: nothing had changed since, "
            "and this one did nothing.",
        ),
    ),
    key=("run_id", "job", "source", "started_at"),
    refresh=Refresh.APPEND,
    owner=ENGINEERING,
    otherwise=PUBLIC,
    nobody="messages of ours, which hold no value of a person",
    description="One row a run, job and source; a repeated run adds rows with its own start.",
)

FILES = Table(
    layer="ops",
    name="files",
    columns=(
        SOURCE,
        FILE,
        FILE_ID,
        Column("bytes", "bigint", "Size."),
        Column("modified_at", "timestamp", "Modification time of the file (UTC)."),
        Column("known_from", "date", "Business day on which it reached us."),
        Column("generation", "int", "1 for the first content under this path, 2 for the next, …."),
        Column(
            "state",
            "string",
            "planned, done, refused, empty, or replaced: corrected before it was read.",
            nullable=False,
        ),
        Column("reason", "string", "Why it was refused."),
        BATCH_ID,
        LOADED_ON,
        Column("rows", "bigint", "Records in it."),
        Column("new_columns", "array<string>", "Columns that the catalogue does not know."),
        Column("missing_columns", "array<string>", "Columns of the catalogue that it lacks."),
        RECORDED_AT,
    ),
    key=("source", "file", "file_id", "state", "recorded_at"),
    refresh=Refresh.APPEND,
    owner=ENGINEERING,
    otherwise=PUBLIC,
    description="Ledger of files: what was seen, planned and ingested, the latest row of a file "
    "being its state.",
)

QUARANTINE = Table(
    layer="ops",
    name="quarantine",
    columns=(
        Column(
            "row_id",
            "string",
            "The refused row: `<file_id>:<line>`.",
            nullable=False,
            names=Subject.ROW,
        ),
        SOURCE,
        FILE,
        FILE_ID,
        Column("line", "bigint", "Record number in the file; 0 for a whole file."),
        Column("reasons", "array<string>", "Why it was refused, one entry a rule."),
        Column(
            "raw",
            "map<string,string>",
            "Columns as they came; those marked PII are encrypted.",
            PSEUDO,
        ),
        Column(
            "corrupt",
            "string",
            "Text of a record that could not be taken apart, protected like the columns.",
            PSEUDO,
        ),
        BATCH_ID,
        LOADED_ON,
        RUN_ID,
        Column("replayed_on", "date", "The night on which it was replayed and accepted."),
    ),
    key=("row_id", "batch_id"),
    refresh=Refresh.APPEND,
    owner=ENGINEERING,
    otherwise=PUBLIC,
    description="Every refused row, whole, with the reasons; it can be replayed.",
    date="loaded_on",
)

QUALITY = Table(
    layer="ops",
    name="quality",
    columns=(
        RUN_ID,
        AS_OF,
        Column("table", "string", "Table that was checked.", nullable=False),
        Column("rule", "string", "Rule of its suite.", nullable=False),
        Column("passed", "boolean", "Whether it held.", nullable=False),
        Column("released", "boolean", "Failed, but a recorded decision let it pass."),
        Column("observed", "string", "What was found."),
        Column("severity", "string", "stop or warn."),
        Column("rows", "bigint", "Rows checked."),
        RECORDED_AT,
    ),
    key=("run_id", "table", "rule", "recorded_at"),
    refresh=Refresh.APPEND,
    owner=ENGINEERING,
    otherwise=PUBLIC,
    description="Result of every rule of every expectation suite, a row a check.",
)

DECISIONS = Table(
    layer="ops",
    name="decisions",
    columns=(
        Column("decision_id", "string", "The decision.", nullable=False),
        Column("kind", "string", "release, abandon, or resume (taken back).", nullable=False),
        AS_OF,
        Column("subject", "string", "Table or feed that it is about, or `night`.", nullable=False),
        Column("rule", "string", "Rule that it releases; null for all of the subject."),
        Column("decided_by", "string", "Who decided.", PSEUDO),
        Column("why", "string", "Why.", PSEUDO, nullable=False),
        RECORDED_AT,
    ),
    key=("decision_id",),
    refresh=Refresh.APPEND,
    owner=ENGINEERING,
    otherwise=PUBLIC,
    nobody="about nights, by those who run them",
    description="Decisions that people took: a stopped run released, a night given up.",
)

PUBLICATIONS = Table(
    layer="ops",
    name="publications",
    columns=(
        Column("surface", "string", "What is switched: recommendations.", nullable=False),
        Column("as_of", "date", "The night that is shown from now on.", nullable=False),
        Column("action", "string", "publish, rollback or erasure.", nullable=False),
        Column("table_version", "bigint", "Delta version of the serving table."),
        Column("run_id", "string", "The run that switched; null for a person."),
        Column("sequence", "bigint", "Order of the switches; the greatest is in force."),
        RECORDED_AT,
    ),
    key=("surface", "sequence"),
    refresh=Refresh.APPEND,
    owner=ENGINEERING,
    otherwise=PUBLIC,
    description="The pointer: its last row of a surface says which night readers are shown.",
)

TABLES = (RUNS, FILES, QUARANTINE, QUALITY, DECISIONS, PUBLICATIONS)
