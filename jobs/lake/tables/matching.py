"""Matching: what says that records are one person, and what people have decided about it."""

from jobs.lake.contract import Column, Privacy, Refresh, Subject, Table
from jobs.lake.tables.columns import AS_OF, LOADED_ON, PSEUDO, PUBLIC, RECORDED_AT

OWNER = "data science"
MODEL = Column(
    "model", "int", "Version of the identity model in MLflow that weighed it.", nullable=False
)
VERSION = Column(
    "version", "string", "Grows with the model and with the records' own versions.", nullable=False
)


def _record(name: str) -> Column:
    return Column(name, "string", "Record of a source.", PSEUDO, False, Subject.RECORD)


def _node(name: str) -> Column:
    return Column(name, "string", "Identifier as `<type>:<value>`.", PSEUDO, False, Subject.NODE)


_PROBABILITY = Column("probability", "double", "How likely it is that both are one person.")
_WEIGHT = Column("weight", "double", "The same as log2 of the odds; 0 is even.")

BLOCKS = Table(
    layer="identity",
    name="blocks",
    columns=(
        _record("record_id"),
        Column(
            "blocks",
            "array<bigint>",
            "Keyed hashes of what the record is looked for by; two that have one in common are "
            "weighed.",
            PSEUDO,
            nullable=False,
        ),
        Column("stamp", "string", "Version of the record that they are of.", nullable=False),
        MODEL,
        LOADED_ON,
        VERSION,
    ),
    key=("record_id",),
    refresh=Refresh.MERGE,
    owner=OWNER,
    otherwise=PUBLIC,
    description="What each record is looked for by, so that a night compares new ones only.",
    version="version",
)

MATCHES = Table(
    layer="identity",
    name="matches",
    columns=(
        _record("left_id"),
        _record("right_id"),
        Column(
            "weight",
            "double",
            "Log2 of the odds that both are one person; 0 is even; null where a record has "
            "changed and they are no pair any more.",
        ),
        Column("probability", "double", "The same as a probability."),
        Column("comparison", "string", "How alike they are in each field, in words."),
        Column(
            "contradicting", "boolean", "Whether they differ wholly in what a person has one of."
        ),
        MODEL,
        LOADED_ON,
        VERSION,
    ),
    key=("left_id", "right_id"),
    refresh=Refresh.MERGE,
    owner=OWNER,
    otherwise=PUBLIC,
    description="Pairs of records that were weighed, each with its weight and its comparison.",
    version="version",
)

DECISIONS = Table(
    layer="identity",
    name="decisions",
    columns=(
        Column("decision_id", "string", "The decision.", nullable=False),
        Column("kind", "string", "merge, split, block or withdraw.", nullable=False),
        Column(
            "left_ids", "array<string>", "Identifiers on the one side.", PSEUDO, names=Subject.NODES
        ),
        Column(
            "right_ids",
            "array<string>",
            "Identifiers on the other side.",
            PSEUDO,
            names=Subject.NODES,
        ),
        Column("withdraws", "string", "The decision that is taken back."),
        Column("why", "string", "The reason.", Privacy.PSEUDONYMOUS, nullable=False),
        Column("decided_by", "string", "Who decided.", nullable=False),
        RECORDED_AT,
    ),
    key=("decision_id",),
    refresh=Refresh.APPEND,
    owner=OWNER,
    otherwise=PUBLIC,
    description="What people have decided about who is who; later nights keep it.",
)

REVIEW = Table(
    layer="identity",
    name="review",
    columns=(
        _node("left_id"),
        _node("right_id"),
        Column("left_person", "string", "Person of the one.", PSEUDO, False, Subject.PERSON),
        Column("right_person", "string", "Person of the other.", PSEUDO, False, Subject.PERSON),
        _WEIGHT,
        _PROBABILITY,
        Column("comparison", "string", "How alike the two are in each field, in words."),
        Column(
            "reason",
            "string",
            "undecided (for a person to say), or the guard that keeps the two apart: decided, "
            "contradicting, too large, shared.",
            nullable=False,
        ),
        AS_OF,
    ),
    key=("left_id", "right_id"),
    refresh=Refresh.REPLACE_ALL,
    owner=OWNER,
    otherwise=PUBLIC,
    description="Pairs that speak for one person and were kept apart, each with the reason.",
)

HISTORY = Table(
    layer="identity",
    name="history",
    columns=(
        AS_OF,
        Column("event", "string", "merged, split, moved (both go on) or renamed.", nullable=False),
        Column("person_id", "string", "The person that goes on.", PSEUDO, False, Subject.PERSON),
        Column(
            "other_id",
            "string",
            "The person that became part of it, or that came out of it.",
            PSEUDO,
            nullable=False,
            names=Subject.PERSON,
        ),
        Column("identifiers", "int", "Records and numbers that went over."),
        Column("evidence", "string", "What brought it about."),
        Column("left_id", "string", "One end of the link that did.", PSEUDO, names=Subject.NODE),
        Column("right_id", "string", "The other end.", PSEUDO, names=Subject.NODE),
        Column("decision_id", "string", "The decision that did."),
    ),
    key=("as_of", "event", "person_id", "other_id"),
    refresh=Refresh.REPLACE_DATE,
    owner=OWNER,
    otherwise=PUBLIC,
    description="Which persons were found to be one, or two, on which night, and why.",
    date="as_of",
)

NAMES = Table(
    layer="identity",
    name="names",
    columns=(
        _node("identifier"),
        Column(
            "person_id", "string", "The person that is named by it.", PSEUDO, False, Subject.PERSON
        ),
        Column("since", "date", "Night.", nullable=False),
    ),
    key=("identifier",),
    refresh=Refresh.MERGE,
    owner=OWNER,
    otherwise=PUBLIC,
    description="Identifiers that name another person than their own, since a person was split.",
    version="since",
)

TABLES = (BLOCKS, MATCHES, DECISIONS, REVIEW, HISTORY, NAMES)
