"""Identity: which identifiers and records are one person."""

from jobs.lake.contract import Column, Refresh, Subject, Table
from jobs.lake.tables.columns import AS_OF, LOADED_ON, PERSON_ID, PSEUDO, PUBLIC

FIRST_SEEN = Column("first_seen", "timestamp", "Earliest time it was seen (UTC).", nullable=False)
LAST_SEEN = Column("last_seen", "timestamp", "Latest time it was seen (UTC).", nullable=False)


def _node(name: str) -> Column:
    return Column(
        name,
        "string",
        "Identifier as `<type>:<value>`; types: record, customer_no, login, loyalty_no, email, "
        "phone, device, cookie.",
        PSEUDO,
        nullable=False,
        names=Subject.NODE,
    )


LINKS = Table(
    layer="identity",
    name="links",
    columns=(
        _node("left_id"),
        _node("right_id"),
        Column("evidence", "string", "Feed kind that showed it: crm, orders, events, …."),
        FIRST_SEEN,
        LAST_SEEN,
        LOADED_ON,
        # Not `loaded_on`: a late file may widen a pair that the same night has stamped before.
        Column(
            "version",
            "string",
            "Grows with the night, the span and the evidence; the greatest is kept.",
        ),
    ),
    key=("left_id", "right_id"),
    refresh=Refresh.MERGE,
    owner="data science",
    otherwise=PUBLIC,
    description="Pairs of identifiers that were seen together in one row of a source.",
    version="version",
)

SIGHTINGS = Table(
    layer="identity",
    name="sightings",
    columns=(
        Column("device", "string", "Device, as `device:<value>`.", PSEUDO, names=Subject.NODE),
        Column("cookie", "string", "Cookie, as `cookie:<value>`.", PSEUDO, names=Subject.NODE),
        Column(
            "session_id",
            "string",
            "Session; for what is done without one, its hour (UTC).",
            PSEUDO,
            nullable=False,
        ),
        Column(
            "known_as",
            "string",
            "Login or customer number, as `<type>:<value>`; null for what was done without.",
            PSEUDO,
            names=Subject.NODE,
        ),
        FIRST_SEEN,
        LAST_SEEN,
        LOADED_ON,
    ),
    key=("device", "cookie", "session_id", "known_as", "loaded_on"),
    refresh=Refresh.REPLACE_DATE,
    owner="data science",
    otherwise=PUBLIC,
    description="In which sessions a device or cookie was used, and as whom, by the night that "
    "brought it; one that two nights brought has rows of both.",
    date="loaded_on",
)

IDENTIFIERS = Table(
    layer="identity",
    name="identifiers",
    columns=(
        _node("identifier"),
        Column("type", "string", "Type of the identifier.", nullable=False),
        PERSON_ID,
        Column(
            "shared",
            "boolean",
            "Used by several people in turn or by too many: it tells who only while one is "
            "logged in.",
        ),
        FIRST_SEEN,
        LAST_SEEN,
        Column(
            "valid_from",
            "timestamp",
            "From when on it is the person's (UTC); null where nothing bounds it.",
        ),
        Column(
            "valid_to",
            "timestamp",
            "Until when, this moment left out (UTC); null where nothing bounds it.",
        ),
        Column(
            "part",
            "bigint",
            "Number of the part of the graph that it is in: nothing in one bears on another.",
            PSEUDO,
        ),
    ),
    key=("identifier", "valid_from"),
    refresh=Refresh.REPLACE_ALL,
    owner="data science",
    otherwise=PUBLIC,
    description="Every identifier and record, with the person it belongs to, and from when until "
    "when: resolve through here.",
    cluster_by=("identifier",),
)

PERSONS = Table(
    layer="identity",
    name="persons",
    columns=(
        PERSON_ID,
        Column("kind", "string", "known (a record, login or number) or anonymous.", nullable=False),
        Column("records", "int", "Source records that are this person.", nullable=False),
        Column("identifiers", "int", "Identifiers of this person.", nullable=False),
        FIRST_SEEN,
        LAST_SEEN,
        Column(
            "resolved_by",
            "string",
            "Digest of the release, the settings and the model; another one resolves all anew.",
        ),
        AS_OF,
    ),
    key=("person_id",),
    refresh=Refresh.REPLACE_ALL,
    owner="data science",
    otherwise=PUBLIC,
    description="One row a person, as resolved on the last night.",
)

TABLES = (LINKS, SIGHTINGS, IDENTIFIERS, PERSONS)
