"""Households: a level above persons, of those who share a home.

A person lives at their golden address. Who gives the same street and postcode is one household;
where that is a house of many, only those of one last name. A mail box or telephone number in
common ties those who live at one postcode, however their streets are written, and takes in someone
whose home is not known, by a number only under the same last name. It ties nobody to a home
elsewhere: a number stays on record long after its owner has moved out.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.identity.components import array_components, spark_components
from jobs.identity.engine import Rows, as_frame, ask, at_engine
from jobs.identity.golden import survivors
from jobs.identity.settings import IdentitySettings
from jobs.identity.survivorship import GoldenSettings
from jobs.identity.told import person_records, told_address, told_last_name
from jobs.lake.job import job
from jobs.lake.tables.golden import HOUSEHOLDS
from jobs.lake.tables.identity import IDENTIFIERS, PERSONS
from jobs.lake.tables.silver import CUSTOMERS


@job(reads=[CUSTOMERS, IDENTIFIERS, PERSONS], writes=HOUSEHOLDS, section="identity")
def households(
    customers: DataFrame,
    identifiers: DataFrame,
    persons: DataFrame,
    *,
    as_of: date,
    settings: IdentitySettings,
) -> DataFrame:
    """Give every known person to one household.

    A household is named by the person of it who was seen first: it keeps its name while they stay.
    """
    known = persons.where("kind = 'known'").select("person_id", "first_seen").localCheckpoint()
    # Everybody who has a record is known.
    few = known.count() <= settings.single_node_records
    told = person_records(customers, identifiers, settings).drop("attributes").localCheckpoint()
    records = at_engine(told, few=few)
    most = settings.households.max_members
    homes = houses(at_engine(known, few=few), records, settings.golden, most)
    contacts = shared_contacts(records, most)
    found = as_frame(together(homes, contacts, records), customers.sparkSession)
    name = F.concat(F.lit("h_"), F.substring(F.sha2("oldest", 256), 1, 20))
    return (
        found.withColumn("household_id", name)
        .withColumn("as_of", F.lit(as_of))
        .select(*HOUSEHOLDS.names)
    )


def houses(known: Rows, records: Rows, rules: GoldenSettings, most: int) -> Rows:
    """Find who lives at one address.

    Parameters
    ----------
    known : DataFrame or pyarrow.Table
        ``person_id``, ``first_seen``, one row a person.
    records : DataFrame or pyarrow.Table
        From :func:`jobs.identity.told.person_records`.
    rules : GoldenSettings
        Say which address and name are a person's.
    most : int
        More persons than this are a block of flats or an office.

    Returns
    -------
    DataFrame or pyarrow.Table
        ``known`` with ``postcode``, ``home`` (street and postcode; null where either is not
        known), ``crowded`` and ``house``, the same for those who live together: the person's own
        where they share no address.
    """
    query = f"""
        WITH addressed AS (
            SELECT k.person_id, k.first_seen, r.postcode, r.street || ' ' || r.postcode AS home,
                n.token AS last_name
            FROM {{known}} k
            LEFT JOIN {{addresses}} a ON a.person_id = k.person_id
            LEFT JOIN {{records}} r ON r.record_id = a.record_id
            LEFT JOIN {{names}} n ON n.person_id = k.person_id
        ), counted AS (
            -- Who has no home is nobody's neighbour.
            SELECT *, COUNT(home) OVER (PARTITION BY COALESCE(home, person_id)) > {most} AS crowded,
                COUNT(*) OVER (PARTITION BY COALESCE(home, person_id), last_name) AS of_name
            FROM addressed
        )
        SELECT person_id, first_seen, postcode, home, crowded,
            CASE WHEN home IS NULL THEN person_id
                WHEN NOT crowded THEN 'home ' || home
                WHEN last_name IS NOT NULL AND of_name <= {most}
                THEN 'home ' || home || ' ' || last_name
                ELSE person_id
            END AS house
        FROM counted
    """  # noqa: S608 - a number of the settings
    addresses = survivors(told_address(records), rules)
    names = survivors(told_last_name(records), rules)
    return ask(query, known=known, records=records, addresses=addresses, names=names)


def shared_contacts(records: Rows, most: int) -> Rows:
    """``person_id``, ``kind``, ``contact``: numbers and mail boxes of several, but not of many."""
    query = f"""
        WITH held AS (
            SELECT DISTINCT person_id, 'email' AS kind, email AS contact FROM {{records}}
            WHERE email IS NOT NULL
            UNION ALL
            SELECT DISTINCT person_id, 'phone' AS kind, phone AS contact FROM {{records}}
            WHERE phone IS NOT NULL
        ), counted AS (
            SELECT *, COUNT(*) OVER (PARTITION BY kind, contact) AS holders FROM held
        )
        SELECT person_id, kind, contact FROM counted WHERE holders BETWEEN 2 AND {most}
    """  # noqa: S608 - a number of the settings
    return ask(query, records=records)


def together(homes: Rows, contacts: Rows, records: Rows) -> Rows:
    """Join houses by contacts.

    Parameters
    ----------
    homes : DataFrame or pyarrow.Table
        From :func:`houses`.
    contacts : DataFrame or pyarrow.Table
        From :func:`shared_contacts`.
    records : DataFrame or pyarrow.Table
        From :func:`jobs.identity.told.person_records`.

    Returns
    -------
    DataFrame or pyarrow.Table
        ``person_id``, ``oldest`` (the member who was seen first), ``members``, ``evidence``.
    """
    ties = ask(_TIES, homes=homes, contacts=contacts, records=records)
    joined = components(ask(_LINKS, ties=ties))
    placed = ask(_PLACED, homes=homes, ties=ties, joined=joined)
    return ask(_MEMBERS, placed=placed, contacts=contacts)


def components(links: Rows) -> Rows:
    """``node``, ``component`` (its smallest node) of links ``left_id``, ``right_id``."""
    if isinstance(links, DataFrame):
        return spark_components(links)
    ends = pd.concat([links.column(side).to_pandas() for side in links.column_names])
    numbers, nodes = pd.factorize(ends.astype(object), sort=True)
    left, right = np.split(numbers.astype(np.int64), 2)
    found = array_components(left, right, len(nodes))
    return pa.table(
        {"node": pa.array(nodes, pa.string()), "component": pa.array(nodes[found], pa.string())}
    )


_TIES = """
    SELECT DISTINCT h.person_id, h.house, h.postcode,
        'at ' || h.postcode || ' ' || c.kind || ' ' || c.contact AS at_home,
        CASE c.kind WHEN 'email' THEN 'mail ' || c.contact
            ELSE 'of ' || r.last_name || ' ' || c.contact
        END AS of_family
    FROM {homes} h JOIN {contacts} c ON c.person_id = h.person_id
    JOIN {records} r ON r.person_id = h.person_id
"""
_LINKS = """
    SELECT DISTINCT house AS left_id, COALESCE(at_home, of_family) AS right_id FROM {ties}
    WHERE COALESCE(at_home, of_family) IS NOT NULL
"""
_PLACED = """
    WITH labelled AS (
        SELECT h.*, COALESCE(j.component, h.house) AS label
        FROM {homes} h LEFT JOIN {joined} j ON j.node = h.house
    ), tied AS (
        SELECT DISTINCT t.of_family, l.label, l.postcode IS NULL AS homeless
        FROM {ties} t JOIN labelled l ON l.person_id = t.person_id
        WHERE t.of_family IS NOT NULL
    ), claims AS (
        -- Those without a home go to the one that they are tied to; of two it would be a guess.
        SELECT f.label, MIN(o.label) AS owner
        FROM tied f JOIN tied o ON o.of_family = f.of_family
        WHERE f.homeless AND NOT o.homeless
        GROUP BY f.label HAVING MIN(o.label) = MAX(o.label)
    )
    SELECT l.person_id, l.first_seen, l.home, l.crowded, COALESCE(c.owner, l.label) AS household
    FROM labelled l LEFT JOIN claims c ON c.label = l.label
"""
_MEMBERS = """
    WITH used AS (
        SELECT p.person_id, c.kind,
            COUNT(*) OVER (PARTITION BY p.household, c.kind, c.contact) AS users
        FROM {placed} p JOIN {contacts} c ON c.person_id = p.person_id
    ), in_common AS (
        -- The greater of the two is "phone", the stronger evidence.
        SELECT person_id, MAX(kind) AS kind FROM used WHERE users > 1 GROUP BY person_id
    ), counted AS (
        SELECT *, COUNT(*) OVER (PARTITION BY household) AS members,
            FIRST_VALUE(person_id) OVER (PARTITION BY household ORDER BY first_seen, person_id)
            AS oldest,
            COUNT(home) OVER (PARTITION BY household, COALESCE(home, person_id)) AS neighbours
        FROM {placed}
    )
    SELECT c.person_id, c.oldest, CAST(c.members AS INT) AS members,
        CASE WHEN c.neighbours > 1 AND c.crowded THEN 'address_and_name'
            WHEN c.neighbours > 1 THEN 'address'
            ELSE COALESCE(i.kind, 'alone')
        END AS evidence
    FROM counted c LEFT JOIN in_common i ON i.person_id = c.person_id
"""
