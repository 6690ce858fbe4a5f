"""Bronze: every row as it came, once a file; and the vault, where PII is kept encrypted."""

from jobs.lake.contract import Column, Privacy, Refresh, Subject, Table
from jobs.lake.tables.columns import (
    BATCH_ID,
    EMAIL_TOKEN,
    ENGINEERING,
    FILE,
    FILE_ID,
    KNOWN_FROM,
    LINE,
    LOADED_ON,
    PHONE_TOKEN,
    PUBLIC,
    RUN_ID,
    SOURCE,
    VERSION,
)

RECORD_ID = Column(
    "record_id",
    "string",
    "Record of a source, as `<set>.<feed>:<key>`; names the data key its PII is encrypted with.",
    Privacy.PSEUDONYMOUS,
    names=Subject.RECORD,
)


def _bronze(name: str, description: str) -> Table:
    return Table(
        layer="bronze",
        name=name,
        columns=(
            SOURCE,
            FILE,
            FILE_ID,
            LINE,
            RECORD_ID,
            Column(
                "raw",
                "map<string,string>",
                "Columns as they came; those marked PII are encrypted (`enc:…`).",
                Privacy.PSEUDONYMOUS,
            ),
            Column(
                "corrupt",
                "string",
                "Text of a record that could not be taken apart, encrypted where the feed has PII.",
                Privacy.PSEUDONYMOUS,
            ),
            Column(
                "tokens",
                "map<string,string>",
                "Keyed tokens of the canonical PII columns.",
                Privacy.PSEUDONYMOUS,
            ),
            Column(
                "sealed",
                "map<string,string>",
                "Canonical PII columns, encrypted.",
                Privacy.PSEUDONYMOUS,
            ),
            Column("known_from", "date", "Business day on which the file reached us."),
            BATCH_ID,
            LOADED_ON,
            RUN_ID,
        ),
        key=("file_id", "line"),
        refresh=Refresh.APPEND,
        owner=ENGINEERING,
        otherwise=PUBLIC,
        description=description,
        date="loaded_on",
        partition_by=("loaded_on",),
    )


BRONZE_CRM = _bronze("crm", "Customer records of CRM, shop and loyalty systems, as they came.")
BRONZE_ORDERS = _bronze("orders", "Order lines, returns and cancellations, as they came.")
BRONZE_EVENTS = _bronze("events", "Behavioural events, as they came.")
BRONZE_CONSENTS = _bronze("consents", "Consents given and withdrawn, as they came.")
BRONZE_PRODUCTS = _bronze("products", "Product records, as they came.")
BRONZE_MESSAGES = _bronze("messages", "Messages sent to customers, as they came.")
BRONZE_FEEDBACK = _bronze("feedback", "Ratings and reviews, as they came.")

VAULT_KEYS = Table(
    layer="vault",
    name="keys",
    columns=(
        RECORD_ID,
        SOURCE,
        Column("wrapped_key", "string", "Data key (AES-256), wrapped by the master key, base64."),
        Column("master_key_id", "string", "Which master key wrapped it."),
        LOADED_ON,
    ),
    key=("record_id",),
    refresh=Refresh.APPEND,
    owner="privacy",
    otherwise=PUBLIC,
    description="One data key a source record; without it nothing of the record can be read.",
)

VAULT_CONTACTS = Table(
    layer="vault",
    name="contacts",
    columns=(
        RECORD_ID,
        SOURCE,
        Column(
            "sealed",
            "map<string,string>",
            "Canonical PII column to its value, AES-256-GCM with the record's data key.",
            Privacy.PII,
        ),
        EMAIL_TOKEN,
        PHONE_TOKEN,
        KNOWN_FROM,
        VERSION,
        LOADED_ON,
    ),
    key=("record_id",),
    refresh=Refresh.MERGE,
    owner="privacy",
    otherwise=PUBLIC,
    description="Names and addresses of every source record, encrypted.",
    version="version",
    prune="source",
)

TABLES = (
    BRONZE_CRM,
    BRONZE_ORDERS,
    BRONZE_EVENTS,
    BRONZE_CONSENTS,
    BRONZE_PRODUCTS,
    BRONZE_MESSAGES,
    BRONZE_FEEDBACK,
    VAULT_KEYS,
    VAULT_CONTACTS,
)
