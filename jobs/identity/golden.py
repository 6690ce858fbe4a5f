"""Golden records: one best value per attribute of a person, from records that disagree.

The rules are data (``survivorship.py``). Only tokens are compared, and what is written points to
the record that tells the value: nothing personal leaves the vault. For the same reason no rule can
prefer a name written out to an initial; the record that tells most is the nearest to that.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.identity.engine import Rows, as_frame, ask, at_engine, text
from jobs.identity.settings import IdentitySettings
from jobs.identity.survivorship import PARTS, GoldenSettings, Rule
from jobs.identity.told import (
    other_attributes,
    person_records,
    told,
    told_address,
    with_proven,
    without_placeholders,
)
from jobs.lake.job import job
from jobs.lake.tables.gold import TOUCHPOINTS
from jobs.lake.tables.golden import CONFLICTS, GOLDEN
from jobs.lake.tables.identity import IDENTIFIERS
from jobs.lake.tables.silver import CONSENTS, CUSTOMERS, MESSAGES

AGREED = "agreed"
TIE = "record_id"


@job(
    reads=[CUSTOMERS, IDENTIFIERS, MESSAGES, TOUCHPOINTS, CONSENTS],
    writes=(GOLDEN, CONFLICTS),
    section="identity",
)
def golden(
    customers: DataFrame,
    identifiers: DataFrame,
    messages: DataFrame,
    touchpoints: DataFrame,
    consents: DataFrame,
    *,
    as_of: date,
    settings: IdentitySettings,
) -> tuple[DataFrame, DataFrame]:
    """Choose the best value of every attribute of every person, and list disputed ones.

    It follows from the records as they are tonight, so a source that is corrected tomorrow changes
    it tomorrow.
    """
    rules = settings.golden
    records = person_records(customers, identifiers, settings)
    records = with_proven(records, messages, touchpoints, consents, as_of, settings)
    records = records.localCheckpoint()
    few = records.count() <= settings.single_node_records
    others = at_engine(other_attributes(records), few=few)
    homes = with_addresses(at_engine(records.drop("attributes"), few=few), rules)
    found = without_placeholders(told(homes, others), settings)
    best = golden_values(survivors(found, rules), rules)
    tonight, spark = F.lit(as_of), customers.sparkSession
    return (
        as_frame(best, spark).withColumn("as_of", tonight).select(*GOLDEN.names),
        as_frame(disputed(found, best), spark).withColumn("as_of", tonight),
    )


def with_addresses(records: Rows, rules: GoldenSettings) -> Rows:
    """Add ``address_rule`` to the record of each person's address: what decided for it."""
    query = """
        SELECT r.*, a.rule AS address_rule FROM {records} r LEFT JOIN {addresses} a
        ON a.person_id = r.person_id AND a.record_id = r.record_id
    """
    return ask(query, records=records, addresses=survivors(told_address(records), rules))


def survivors(found: Rows, rules: GoldenSettings) -> Rows:
    """Choose a record for each attribute of each person.

    Parameters
    ----------
    found : DataFrame or pyarrow.Table
        From :func:`jobs.identity.told.told`.
    rules : GoldenSettings
        The rules.

    Returns
    -------
    DataFrame or pyarrow.Table
        The rows of ``found`` that survive, with ``rule`` (what decided), ``records`` and
        ``distinct_values``.
    """
    chosen = [*rules.attributes.values(), rules.otherwise]
    depths = range(1, max(map(len, chosen)) + 1)
    scores = ", ".join(f"{_score(rules, depth)} AS s{depth}" for depth in depths)
    order = ", ".join([*(f"s{depth}" for depth in depths), "record_id"])
    firsts = ", ".join(f"FIRST_VALUE(s{depth}) OVER best AS b{depth}" for depth in depths)
    fell = " ".join(f"WHEN s{depth} <> b{depth} THEN {depth}" for depth in depths)
    query = f"""
        WITH counted AS (
            SELECT *, -COUNT(*) OVER (PARTITION BY person_id, attribute, content) AS most_frequent
            FROM {{found}}
        ), scored AS (
            SELECT *, {scores} FROM counted
        ), ranked AS (
            SELECT *, FIRST_VALUE(content) OVER best AS golden, {firsts},
                ROW_NUMBER() OVER best AS place
            FROM scored WINDOW best AS (PARTITION BY person_id, attribute ORDER BY {order})
        ), fallen AS (
            -- By which rule each other value fell out: the last of them decided.
            SELECT person_id, attribute, COUNT(*) AS records,
                COUNT(DISTINCT content) AS distinct_values,
                MAX(CASE WHEN content = golden THEN 0 {fell} ELSE {len(depths) + 1} END) AS depth
            FROM ranked GROUP BY person_id, attribute
        )
        SELECT r.person_id, r.attribute, r.record_id, r.source, r.token, r.value, r.content,
            r.address_rule, {_rule(rules, len(depths))} AS rule,
            CAST(f.records AS INT) AS records, CAST(f.distinct_values AS INT) AS distinct_values
        FROM ranked r JOIN fallen f ON f.person_id = r.person_id AND f.attribute = r.attribute
        WHERE r.place = 1
    """  # noqa: S608 - names of the settings, as texts
    return ask(query, found=found)


def golden_values(chosen: Rows, rules: GoldenSettings) -> Rows:
    """Return what survived without parts of other homes, and which of it is disputed."""
    parts = ", ".join(map(text, PARTS))
    strong = ", ".join(map(text, rules.strong)) or "NULL"
    query = f"""
        SELECT person_id, attribute, record_id, source, token, value, content,
            CASE WHEN attribute IN ({parts}) AND rule <> '{AGREED}' THEN address_rule ELSE rule
            END AS rule, records, distinct_values,
            COALESCE(attribute IN ({strong}), FALSE) AND distinct_values > 1 AS conflict
        FROM {{chosen}} WHERE attribute NOT IN ({parts}) OR address_rule IS NOT NULL
    """  # noqa: S608 - names of the settings, as texts
    return ask(query, chosen=chosen)


def disputed(found: Rows, best: Rows) -> Rows:
    """Return the records that tell a disputed attribute, and whether it is the golden value."""
    query = """
        SELECT f.person_id, f.attribute, f.record_id, f.source, f.token, f.value,
            f.content = b.content AS golden
        FROM {found} f JOIN {best} b ON b.person_id = f.person_id AND b.attribute = f.attribute
        WHERE b.conflict
    """
    return ask(query, found=found, best=best)


def _score(rules: GoldenSettings, depth: int) -> str:
    """Return the measure of the rule at a depth of the row's attribute."""
    return _by_attribute(rules, lambda names: names[depth - 1] if depth <= len(names) else "0")


def _rule(rules: GoldenSettings, deepest: int) -> str:
    """Return the name of the rule that decided."""

    def named(names: tuple[Rule, ...]) -> str:
        whens = " ".join(f"WHEN {n} THEN '{name}'" for n, name in enumerate(names, start=1))
        return f"CASE f.depth {whens} END"

    at_depth = _by_attribute(rules, named, "r.attribute")
    return (
        f"CASE f.depth WHEN 0 THEN '{AGREED}' WHEN {deepest + 1} THEN '{TIE}' ELSE {at_depth} END"
    )


def _by_attribute(
    rules: GoldenSettings, made_of: Callable[[tuple[Rule, ...]], str], column: str = "attribute"
) -> str:
    """Return SQL that depends on the rules of the row's attribute."""
    whens = [
        f"WHEN {text(name)} THEN {made_of(rules.rules_of(name))}"
        for name in sorted({*rules.attributes, *PARTS})
    ]
    return f"CASE {column} {' '.join(whens)} ELSE {made_of(rules.otherwise)} END"
