"""What records tell: a row for each attribute of each record of a person, and how it weighs."""

from __future__ import annotations

from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.identity.engine import Rows, ask, text
from jobs.identity.nodes import RECORD, node
from jobs.identity.resolve import with_person
from jobs.identity.settings import IdentitySettings
from jobs.identity.survivorship import (
    ADDRESS,
    BIRTH_DATE,
    CLEAR,
    CONTACTS,
    OTHERS,
    PARTS,
    PERSONAL,
)
from jobs.profiles.activity import OF_MESSAGES
from jobs.profiles.lateness import counted

_NOTHING = "CAST(NULL AS STRING)"


def person_records(
    customers: DataFrame, identifiers: DataFrame, settings: IdentitySettings
) -> DataFrame:
    """Give records their person, and what rules ask of a record as a whole.

    Parameters
    ----------
    customers : DataFrame
        Rows of ``silver.customers``.
    identifiers : DataFrame
        Rows of ``identity.identifiers``.
    settings : IdentitySettings
        Says how far a feed is trusted.

    Returns
    -------
    DataFrame
        ``person_id``, ``record_id``, ``source``, a column for each attribute, ``attributes``,
        ``trust`` (1 for the most trusted feed), ``changed`` and ``made`` (microseconds), ``tells``
        (how many attributes).
    """
    sources = settings.golden.sources
    place = F.array_position(F.array(*map(F.lit, sources)).cast("array<string>"), F.col("source"))
    arrived = F.coalesce("known_from", "loaded_on").cast("timestamp")
    columns = [F.col(f"{name}_token").alias(name) for name in PERSONAL]
    columns += [F.expr(f"nullif(trim({name}), '')").alias(name) for name in CLEAR]
    records = customers.select(
        node(RECORD, "record_id").alias("identifier"),
        "record_id",
        "source",
        *columns,
        "attributes",
        F.when(place > 0, place).otherwise(F.lit(len(sources) + 1)).alias("trust"),
        F.unix_micros(F.coalesce("updated_at", "registered_at", arrived)).alias("changed"),
        F.unix_micros(F.coalesce("registered_at", "updated_at", arrived)).alias("made"),
    )
    tells = F.size(F.array_compact(F.array(*PERSONAL, *CLEAR)))
    return (
        with_person(records, identifiers.where(F.col("type") == RECORD))
        .where("person_id IS NOT NULL")
        .drop("identifier")
        .withColumn("tells", tells)
    )


def other_attributes(records: DataFrame) -> DataFrame:
    """``record_id``, ``attribute``, ``value``: what records tell beside the columns."""
    told = records.select("record_id", F.explode("attributes").alias("name", "given"))
    return told.select(
        "record_id",
        F.concat(F.lit(OTHERS), "name").alias("attribute"),
        F.expr("nullif(trim(given), '')").alias("value"),
    ).where("value IS NOT NULL")


def with_proven(
    records: DataFrame,
    messages: DataFrame,
    touchpoints: DataFrame,
    consents: DataFrame,
    as_of: date,
    settings: IdentitySettings,
) -> DataFrame:
    """Add ``email_verified`` and ``phone_verified``: whether somebody has shown it to be theirs.

    A mail that was opened or clicked has reached a mail box that is in use. An act of consent
    proves what it names where it was collected in a way that the settings name.
    """
    read = touchpoints.where(
        F.col("kind").isin(*OF_MESSAGES) & counted(F.col("occurred_on"), as_of)
    ).select("message_id")
    opened = messages.join(read.distinct(), "message_id", "left_semi").select("email_token")
    acts = consents.where(
        F.col("collected_via").isin(*settings.golden.verified_via)
        & counted(F.to_date("occurred_at"), as_of)
    )
    proven = {
        "email": opened.unionByName(acts.select("email_token")),
        "phone": acts.select("phone_token"),
    }
    for name, tokens in proven.items():
        known = tokens.distinct().withColumnsRenamed({f"{name}_token": name})
        marked = known.withColumn(f"{name}_verified", F.lit(True))
        records = records.join(marked, name, "left")
    return records.fillna(False, [f"{name}_verified" for name in proven])


def told_address(records: Rows) -> Rows:
    """Take the address out of records, as one; see :func:`told`."""
    return ask(_address(), records=records)


def told_last_name(records: Rows) -> Rows:
    """Take the last name out of records; see :func:`told`."""
    return ask(_of_column("last_name", address_rule=_NOTHING), records=records)


def told(records: Rows, others: Rows) -> Rows:
    """Take records apart into what they tell.

    Parameters
    ----------
    records : DataFrame or pyarrow.Table
        From :func:`person_records` and :func:`with_proven`, with ``address_rule``: what decided
        for the address, of the record that it is of.
    others : DataFrame or pyarrow.Table
        From :func:`other_attributes`.

    Returns
    -------
    DataFrame or pyarrow.Table
        ``person_id``, ``record_id``, ``source``, ``attribute``, ``token``, ``value``, ``content``
        (by which values are equal), ``address_rule``, and a number for each rule that looks at no
        other record, the smallest the best.
    """
    of_columns = [_of_column(name) for name in (*PERSONAL, *CLEAR)]
    of_map = _select("o.attribute", _NOTHING, "o.value", joined="JOIN {others} o USING (record_id)")
    return ask(" UNION ALL ".join((*of_columns, of_map)), records=records, others=others)


def without_placeholders(found: Rows, settings: IdentitySettings) -> Rows:
    """Leave out contacts and birth dates that more people tell than could truly share them."""
    limits = settings.identifiers.max_holders
    of_type = " ".join(f"WHEN {text(name)} THEN {limit}" for name, limit in limits.items())
    listed = ", ".join(map(text, (*CONTACTS, BIRTH_DATE)))
    query = f"""
        WITH told_by AS (
            SELECT attribute, content, COUNT(DISTINCT person_id) AS people
            FROM {{found}} WHERE attribute IN ({listed}) GROUP BY attribute, content
        ), everybody AS (
            SELECT COUNT(DISTINCT person_id) AS people FROM {{found}}
        ), common AS (
            SELECT t.attribute, t.content FROM told_by t CROSS JOIN everybody e
            WHERE t.people > CASE t.attribute {of_type} ELSE {max(limits.values())} END AND (
                t.attribute <> '{BIRTH_DATE}'
                OR t.people > {settings.golden.birth_date_share!r} * e.people
            )
        )
        SELECT f.* FROM {{found}} f
        LEFT JOIN common c ON c.attribute = f.attribute AND c.content = f.content
        WHERE c.content IS NULL
    """  # noqa: S608 - names and numbers of our own
    return ask(query, found=found)


def _of_column(name: str, address_rule: str = "address_rule") -> str:
    verified = f"CASE WHEN {name}_verified THEN 0 ELSE 1 END" if name in CONTACTS else "1"
    token, value = (_NOTHING, name) if name in CLEAR else (name, _NOTHING)
    return _select(
        text(name),
        token,
        value,
        where=f"WHERE {name} IS NOT NULL",
        verified=verified,
        address_rule=address_rule,
    )


def _address() -> str:
    as_one = " || ' ' || ".join(f"COALESCE(LOWER({part}), '-')" for part in PARTS)
    home = (
        "CASE WHEN street IS NULL THEN 0 ELSE 1 END + CASE WHEN postcode IS NULL THEN 0 ELSE 1 END"
    )
    return _select(
        text(ADDRESS),
        as_one,
        _NOTHING,
        where=f"WHERE COALESCE({', '.join(PARTS)}) IS NOT NULL",
        complete=f"({home})",
        address_rule=_NOTHING,
    )


def _select(
    attribute: str,
    token: str,
    value: str,
    *,
    joined: str = "",
    where: str = "",
    verified: str = "1",
    complete: str = "tells",
    address_rule: str = "address_rule",
) -> str:
    return f"""
        SELECT person_id, record_id, source, {attribute} AS attribute, {token} AS token,
            {value} AS value, COALESCE({token}, LOWER({value})) AS content,
            {address_rule} AS address_rule, {verified} AS verified, trust AS source_trust,
            -changed AS newest, made AS oldest, -{complete} AS most_complete,
            CASE WHEN {address_rule} IS NULL THEN 1 ELSE 0 END AS address
        FROM {{records}} r {joined} {where}
    """  # noqa: S608 - names of our own
