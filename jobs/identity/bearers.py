"""Who holds one contact, and what they bear there: a name, a birthday."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from jobs.identity.components import array_components
from jobs.identity.graph import Graph, Numbers, attached
from jobs.identity.nodes import RECORD
from jobs.identity.traits import BIRTH, FIRST


def by_contacts(graph: Graph, person: Numbers, traits: pa.Table | None) -> Numbers:
    """Join persons who hold one contact, as far as what they bear says so.

    Parameters
    ----------
    graph : Graph
        The graph.
    person : array
        Of every node, as a label.
    traits : pyarrow.Table or None
        As of :class:`jobs.identity.resolution.Evidence`; None where those who have records were
        told apart by all that they tell, so that only accounts are left to be placed.

    Returns
    -------
    array
        A label for every label.
    """
    strong, weak = graph.strong_to_weak()
    holders = pd.DataFrame({"person": person[strong], "contact": weak})
    holders = holders[graph.contact[weak]].drop_duplicates()
    contested = holders[holders.groupby("contact")["person"].transform("size") >= 2]
    if traits is None:
        records = np.flatnonzero(graph.of_type(RECORD))
        told = pd.DataFrame({"person": person[records], "first": True, "birth": True})
        return _unnamed(contested, told, np.arange(graph.size))
    told = _bearers(graph, person, traits)
    return _unnamed(contested, told, _by_traits(contested, told, graph.size))


def _bearers(graph: Graph, person: Numbers, traits: pa.Table) -> pd.DataFrame:
    """``person``, ``trait`` (numbered), ``first``, ``birth``: who bears which trait."""
    place = graph.places(traits.column("node"))
    told = traits.column("trait").cast(pa.large_string()).combine_chunks()
    coded = told.dictionary_encode()
    first, birth = (
        pc.starts_with(coded.dictionary, f"{kind}:").to_numpy(zero_copy_only=False)
        for kind in (FIRST, BIRTH)
    )
    trait = coded.indices.to_numpy().astype(np.int64)
    known = place >= 0
    place, trait = place[known], trait[known]
    return pd.DataFrame(
        {
            "person": person[place],
            "trait": trait,
            "first": first[trait],
            "birth": birth[trait],
        }
    ).drop_duplicates()


def _by_traits(contested: pd.DataFrame, bearers: pd.DataFrame, size: int) -> Numbers:
    """Join persons who hold one contact and bear one trait there; a label for every node.

    So a family behind one address stays apart, and who is "Robert" in one system and "Bob" in the
    next is one by the birthday.
    """
    borne = contested.merge(bearers, on="person")
    # A trait at a contact is a node of its own, so links grow with holders, not with their pairs.
    place = size + np.asarray(borne.groupby(["contact", "trait"]).ngroup(), dtype=np.int64)
    bearer = np.asarray(borne["person"], dtype=np.int64)
    return array_components(bearer, place, size + len(borne))[:size]


def _unnamed(contested: pd.DataFrame, bearers: pd.DataFrame, group: Numbers) -> Numbers:
    """Put who tells no first name with the one named it could be; a label for every node."""
    size = len(group)
    first, birth = np.zeros((2, size), dtype=np.bool_)
    first[group[bearers.loc[bearers["first"], "person"]]] = True
    birth[group[bearers.loc[bearers["birth"], "person"]]] = True
    held = contested.assign(group=group[contested["person"]])[["contact", "group"]]
    held = held.drop_duplicates()
    held = held.assign(first=first[held["group"]], birth=birth[held["group"]])
    named = held.groupby("contact")[["first", "birth"]].sum()
    # Two who both give a first name, or both a birthday, were not joined by it: a household, of
    # which the unnamed could be anyone.
    telling = held["contact"].isin(named.index[(named["first"] <= 1) & (named["birth"] <= 1)])
    owner = np.full(size, -1, dtype=np.int64)
    certain = held[telling & held["first"]]
    owner[certain["contact"]] = certain["group"]
    unnamed = held[telling & ~held["first"]]
    placed = attached(unnamed["group"].to_numpy(), unnamed["contact"].to_numpy(), owner)
    label = np.arange(size)
    label[unnamed["group"]] = placed[unnamed["group"]]
    found: Numbers = label[group]
    return found
