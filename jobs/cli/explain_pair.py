"""The weight of two records taken apart: with their values, if the master key can be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jobs.cli.explain import Known
from jobs.identity.decided import Decisions
from jobs.lake.folders import lake_root
from jobs.lake.settings import Settings, home
from jobs.privacy.keyring import KeyringError
from jobs.report.identity_model import ModelError, load_matcher, read_models

if TYPE_CHECKING:
    import pandas as pd

    from jobs.identity.explained import Explained
    from jobs.identity.matching.matcher import Matcher

_SAME = 1.5e-3
"""Weights are kept in thousandths of a bit."""


@dataclass(frozen=True)
class Pair:
    """Two records and how their weight comes about.

    Attributes
    ----------
    left, right : str
        Records.
    weight : float
        As the night weighed it; what the steps add up to, where no night has.
    explained : Explained
        The steps.
    values : mapping of str to (str or None, str or None)
        Field to what both tell; empty where that was not asked for.
    notes : tuple of str
        What there is to say of how it was found.
    """

    left: str
    right: str
    weight: float
    explained: Explained
    values: Mapping[str, tuple[str | None, str | None]]
    notes: tuple[str, ...] = ()


def pair_of(
    found: Known, ends: tuple[str, str], settings: Settings, *, values: bool
) -> Pair | None:
    """Take the weight of two records apart.

    Parameters
    ----------
    found : Known
        What is known of both sides.
    ends : (str, str)
        Records, in order.
    settings : Settings
        Where models are tracked.
    values : bool
        Whether what the records tell is wanted too.

    Returns
    -------
    Pair or None
        None where neither a model nor a weight is there.

    Raises
    ------
    KeyringError
        Values are wanted, and the master key cannot be read.
    """
    from jobs.identity.explained import explained, explained_without_values, graded_pairs

    night = next((w for w in found.weighed if (w.left, w.right) == ends), None)
    matcher = _matcher(found.model, settings)
    if matcher is None:
        return None
    try:
        frame, key = opened(ends, found.decisions)
    except KeyringError as error:
        if values:
            raise
        if night is None:
            return None
        without = explained_without_values(matcher.model, night.comparison, night.weight)
        note = f"The values stay closed ({error}), so how rare they are is told as one step."
        return Pair(*ends, night.weight, without, {}, (note,))
    steps = explained(matcher.model, graded_pairs(matcher, frame, key, [(0, 1)])[0])
    notes = []
    if night is None:
        notes.append("No night has weighed this pair: by nothing were the two worth a look.")
    elif abs(night.weight - steps.weight) > _SAME:
        notes.append(
            f"A record has changed since it was weighed, at {night.weight:.3f}; these are the "
            "steps of today's values."
        )
    told = _values(matcher, frame) if values else {}
    return Pair(*ends, steps.weight if night is None else night.weight, steps, told, tuple(notes))


def opened(ends: Sequence[str], decisions: Decisions) -> tuple[pd.DataFrame, str]:
    """Open records in their order; return them and the key of the matcher's hashes.

    Raises
    ------
    KeyringError
        The master key cannot be read.
    """
    from jobs.identity.opening import CLEAR
    from jobs.identity.vault import NUMBERS, Vault
    from jobs.lake.store import Lake
    from jobs.lake.tables.bronze import VAULT_CONTACTS, VAULT_KEYS
    from jobs.lake.tables.silver import CUSTOMERS
    from jobs.privacy.keyring import key_file, read_keyring
    from jobs.privacy.reads import reading

    ring = read_keyring(key_file(home()))
    held, own = Lake(lake_root()), [("record_id", "in", list(ends))]
    columns = ["record_id", "sealed", "email_token", "phone_token"]
    with reading(held, "explaining a pair of records", people=len(ends)):
        contacts = held.rows(VAULT_CONTACTS, own, columns)
        keys = held.rows(VAULT_KEYS, own, ["record_id", "wrapped_key"])
    customers = held.rows(CUSTOMERS, own, ["record_id", "source", "version", *NUMBERS, *CLEAR])
    vault = Vault(customers, contacts, lambda _: ([contacts], keys), ring, decisions)
    return vault.opened(list(ends)), vault.hash_key


def _matcher(version: int | None, settings: Settings) -> Matcher | None:
    if version is None:
        return None
    uri = settings.models.tracking_uri
    model = next((m for m in read_models(home(), uri) if m.version == version), None)
    if model is None:
        raise ModelError(
            f"identity model {version}, which weighed the records, is not in MLflow: "
            "`bespoke doctor` says whether MLflow answers"
        )
    return load_matcher(model, home(), uri)


def _values(matcher: Matcher, frame: pd.DataFrame) -> dict[str, tuple[str | None, str | None]]:
    told = {field.name: field.column for field in matcher.fields}
    return {
        name: tuple(None if v is None else str(v) for v in frame[column])  # type: ignore[misc]
        for name, column in told.items()
        if column in frame
    }
