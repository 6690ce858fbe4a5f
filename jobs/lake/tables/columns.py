"""Columns that several tables share, each described once."""

from jobs.lake.contract import Column, Privacy, Subject

PUBLIC = Privacy.PUBLIC
PSEUDO = Privacy.PSEUDONYMOUS
PROTECTED = Privacy.PROTECTED

SOURCE = Column(
    "source",
    "string",
    "Feed the row came from, as `<set>.<feed>` of the source catalogue.",
    nullable=False,
)
FILE = Column("file", "string", "File the row came from, relative to where the feed lands.")
FILE_ID = Column("file_id", "string", "SHA-256 of the file's path and content.", nullable=False)
LINE = Column("line", "bigint", "Record number in the file; a header is record 1.", nullable=False)
BATCH_ID = Column("batch_id", "string", "The set of files that were ingested together.")
LOADED_ON = Column(
    "loaded_on", "date", "The night (business day) whose run brought the row.", nullable=False
)
KNOWN_FROM = Column("known_from", "date", "Business day on which the row reached us.")
RUN_ID = Column("run_id", "string", "The run that wrote the row: `<dag>:<business day>`.")
VERSION = Column(
    "version",
    "string",
    "Orders the versions of a row: the source's time of change, the day it landed, the file's "
    "generation; the greatest is kept.",
    nullable=False,
)
ROW_HASH = Column("row_hash", "bigint", "Hash of the row's content; equal means nothing changed.")
AS_OF = Column(
    "as_of", "date", "Business day after whose end the row was computed.", nullable=False
)

PERSON_ID = Column(
    "person_id", "string", "The person, as resolved by identity.", PSEUDO, False, Subject.PERSON
)
IDENTIFIER = Column(
    "identifier",
    "string",
    "Strongest identifier of the row, as `<type>:<value>`; joins to `identity.identifiers`.",
    PSEUDO,
    names=Subject.NODE,
)
CUSTOMER_NO = Column(
    "customer_no", "string", "The shop's customer number.", PSEUDO, names=Subject.CUSTOMER_NO
)
LOGIN = Column("login", "string", "Account in the web shop.", PSEUDO, names=Subject.LOGIN)
LOYALTY_NO = Column(
    "loyalty_no", "string", "Number of the loyalty card.", PSEUDO, names=Subject.LOYALTY_NO
)
DEVICE_ID = Column(
    "device_id",
    "string",
    "Device, as the shop's app or pages know it.",
    PSEUDO,
    names=Subject.DEVICE,
)
COOKIE_ID = Column("cookie_id", "string", "Browser cookie.", PSEUDO, names=Subject.COOKIE)
EMAIL_TOKEN = Column(
    "email_token",
    "string",
    "Keyed token (HMAC-SHA-256) of the normalised address.",
    PSEUDO,
    names=Subject.EMAIL,
)
PHONE_TOKEN = Column(
    "phone_token",
    "string",
    "Keyed token (HMAC-SHA-256) of the number in E.164.",
    PSEUDO,
    names=Subject.PHONE,
)
PRODUCT_ID = Column("product_id", "string", "Product, as the shop numbers it.")

RECORDED_AT = Column("recorded_at", "timestamp", "When the row was written (UTC).", nullable=False)
ENGINEERING = "data engineering"
"""Who answers for what comes in, and for the ledgers."""

PROVENANCE = (KNOWN_FROM, VERSION, ROW_HASH, FILE_ID, LINE, LOADED_ON)
"""What every silver row carries of where it came from."""


def token(name: str, what: str) -> Column:
    """Column of the keyed token that stands for a PII value."""
    return Column(f"{name}_token", "string", f"Keyed token (HMAC-SHA-256) of the {what}.", PSEUDO)
