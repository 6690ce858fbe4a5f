"""Audit: who read, changed, exported or decided what about people."""

from jobs.lake.contract import Column, Refresh, Table
from jobs.lake.tables.columns import PSEUDO, PUBLIC, RECORDED_AT

AUDIT = Table(
    layer="ops",
    name="audit",
    columns=(
        Column(
            "writer", "string", "The chain that the entry is in; a home has one.", nullable=False
        ),
        Column("sequence", "bigint", "Place in the chain, from 1.", nullable=False),
        RECORDED_AT,
        Column("actor", "string", "Account that did it.", PSEUDO, nullable=False),
        Column("kind", "string", "user, or service for what a schedule runs.", nullable=False),
        Column(
            "action",
            "string",
            "vault.read, export, consent.change, identity.decide, rule.release, night.decide, "
            "model.promote, publish.rollback, request or key.change.",
            nullable=False,
        ),
        Column("subject", "string", "What it was done to: a table, an export, a person.", PSEUDO),
        Column("people", "bigint", "How many persons or records it was about, where counted."),
        Column("why", "string", "Purpose or reason.", PSEUDO, nullable=False),
        Column("run_id", "string", "The run it was part of, if one."),
        Column("details", "map<string,string>", "More of it; never a personal value.", PSEUDO),
        Column("previous", "string", "Hash of the entry before; empty for the first."),
        Column(
            "hash",
            "string",
            "SHA-256 of all of the entry and of `previous`, hex.",
            nullable=False,
        ),
        Column("key_id", "string", "Key that signed it.", nullable=False),
        Column("signature", "string", "Ed25519 signature of the hash, base64.", nullable=False),
    ),
    key=("writer", "sequence"),
    refresh=Refresh.APPEND,
    owner="privacy",
    nobody="proof of who did what, kept whoever asks to be forgotten",
    otherwise=PUBLIC,
    description="Who read the vault, exported, decided or changed something about people, and why; "
    "append-only, each entry chained to the one before (`bespoke audit verify`).",
)

TABLES = (AUDIT,)
