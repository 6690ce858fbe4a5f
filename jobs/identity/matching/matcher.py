"""The matcher: a trained model that brings records of any night into its form, one by one.

What it does with a record depends on that record and on the version of the model alone, never on
the others of its night: so the same pairs are found and weighed whatever night they come in. It
holds no personal value. How common names are, and which values mean nobody, is kept by keyed
hashes: SipHash-2-4 (Aumasson and Bernstein 2012) with a key that follows from that of the tokens.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobs.identity.matching.blocking import rules_for
from jobs.identity.matching.fields import FORMAT, Field, FormatError, Role
from jobs.identity.matching.model import Kind, MatchModel, untrained
from jobs.identity.matching.normal import month_comes_first
from jobs.identity.matching.notation import Notation
from jobs.identity.matching.pairs import blocked, graded, kept, load
from jobs.identity.matching.records import RECORD, cleared, normalised, placeholders
from jobs.identity.matching.resolve import (
    Labels,
    as_arrow,
    compared_fields,
    first_copies,
    sample,
    trained,
    with_rarity,
)
from jobs.identity.matching.settings import MatchSettings
from jobs.identity.matching.training import frequencies, rarest
from jobs.lake import duck

Hashes = NDArray[np.uint64]
_SEED = 20_190_507
_MODEL, _COMMON, _NOBODYS = "model.json", "common.parquet", "nobodys.parquet"
_ODD = np.uint64(0x9E37_79B9_7F4A_7C15)
"""2^64 by the golden ratio, odd: multiplying by it loses no bit."""


def hash_key(secret: bytes) -> str:
    """Derive the key of the hashes, 16 characters, from a secret."""
    derived = hmac.new(secret, b"bespoke matching", hashlib.sha256).digest()
    return base64.b64encode(derived).decode()[:16]


def hashes(values: pd.Series, key: str, field: str) -> Hashes:
    """Hash the values of a field; equal ones of two fields have different hashes.

    Parameters
    ----------
    values : Series of str
        None of them missing.
    key : str
        16 characters, as of :func:`hash_key`.
    field : str
        What they are of.
    """
    own = base64.b64encode(hashlib.sha256(f"{key}\x1f{field}".encode()).digest()).decode()[:16]
    return np.asarray(pd.util.hash_array(values.to_numpy(dtype=object), hash_key=own))


@dataclass(frozen=True, eq=False)
class Matcher:
    """A trained model, and how records come into its form.

    Attributes
    ----------
    fields : tuple of Field
        What is read of a record.
    notation : Notation
        How their values are written.
    model : MatchModel
        Weights and blocking rules.
    common : mapping
        Field to the values that more than two records held when it was trained: their hashes, and
        how common they were, as log2 of a share.
    usual : mapping of str to float
        Field to the same of all other values.
    nobodys : mapping
        Field to the hashes of values that mean nobody.
    trained_on : int
        Number of records.
    trained_until : date
        Last night whose records it has seen.
    """

    fields: tuple[Field, ...]
    notation: Notation
    model: MatchModel
    common: Mapping[str, pd.Series]
    usual: Mapping[str, float]
    nobodys: Mapping[str, Hashes]
    trained_on: int
    trained_until: date

    def forms(self, frame: pd.DataFrame, key: str) -> pd.DataFrame:
        """Bring records into the form in which they are compared.

        Parameters
        ----------
        frame : DataFrame
            Records, with the columns of ``fields``; missing values are None.
        key : str
            Of the hashes.

        Returns
        -------
        DataFrame
            Columns of the model without ``record``, and ``<field>_rarity``; rows as in ``frame``.
        """
        table = normalised(frame, self.fields, self.notation).reset_index(drop=True)
        columns = [column for column in self.model.columns if column != RECORD]
        table = table.reindex(columns=columns).astype(object)
        table = table.where(table.notna(), None)
        gone = {
            name: _among(table[name], values, key, name)
            for name, values in self.nobodys.items()
            if name in table.columns
        }
        table = cleared(table, _roles(self.fields, columns), gone)
        rare = {f"{name}_rarity": self._rarity(table[name], name, key) for name in self.model.roles}
        return table.assign(**rare)

    def keys(self, forms: pd.DataFrame, key: str) -> pd.DataFrame:
        """Hash what records are blocked by.

        Parameters
        ----------
        forms : DataFrame
            As of :meth:`forms`.
        key : str
            Of the hashes.

        Returns
        -------
        DataFrame
            ``row`` (place in ``forms``) and ``block`` (int64): two records with one block are a
            pair worth weighing.
        """
        columns = sorted({column for rule in self.model.rules for column in rule})
        hashed = {column: _hashed(forms[column], key, column) for column in columns}
        rows, blocks = [], []
        for rule in self.model.rules:
            told = np.all([forms[column].notna().to_numpy() for column in rule], axis=0)
            block = np.full(int(told.sum()), _of_text("+".join(rule)), dtype=np.uint64)
            for column in rule:
                block = _mixed(block, hashed[column][told])
            rows.append(np.flatnonzero(told))
            blocks.append(block)
        if not rows:
            return pd.DataFrame({"row": np.zeros(0, np.int64), "block": np.zeros(0, np.int64)})
        return pd.DataFrame(
            {"row": np.concatenate(rows), "block": np.concatenate(blocks).view(np.int64)}
        )

    def _rarity(self, values: pd.Series, name: str, key: str) -> pd.Series:
        told = values.notna()
        found = pd.Series(np.nan, index=values.index)
        if told.any():
            of = pd.Series(hashes(values[told], key, name)).map(self.common[name])
            found[told] = of.fillna(self.usual[name]).to_numpy()
        return found

    def parameters(self) -> dict[str, Any]:
        """Return what the registry is to show of it."""
        return {"trained_on": self.trained_on, "rules": ", ".join(map("+".join, self.model.rules))}

    def save(self, folder: Path) -> None:
        """Write it to files, none of which holds a personal value."""
        model = self.model
        told = {
            "format": FORMAT,
            "fields": [asdict(field) for field in self.fields],
            "notation": self.notation.model_dump(mode="json"),
            "roles": dict(model.roles),
            "columns": model.columns,
            "rules": model.rules,
            "persons": [_as_json(kind) for kind in model.persons],
            "strangers": _as_json(model.strangers),
            "related": [_as_json(kind) for kind in model.related],
            "usual": dict(self.usual),
            "trained_on": self.trained_on,
            "trained_until": self.trained_until.isoformat(),
        }
        folder.mkdir(parents=True, exist_ok=True)
        (folder / _MODEL).write_text(json.dumps(told, indent=1))
        common = [
            pd.DataFrame({"field": name, "hash": of.index.to_numpy(np.uint64), "log2_share": of})
            for name, of in self.common.items()
        ]
        nobodys = [pd.DataFrame({"field": name, "hash": of}) for name, of in self.nobodys.items()]
        _table(common, ["field", "hash", "log2_share"]).to_parquet(folder / _COMMON, index=False)
        _table(nobodys, ["field", "hash"]).to_parquet(folder / _NOBODYS, index=False)

    @classmethod
    def load(cls, folder: Path) -> Matcher:
        """Read what :meth:`save` has written.

        Raises
        ------
        FormatError
            Another release has, which compares records otherwise.
        """
        told: dict[str, Any] = json.loads((folder / _MODEL).read_text())
        if told.get("format") != FORMAT:
            raise FormatError(
                "The identity model is of a release that compares records otherwise: the next "
                "night trains another"
            )
        common = pd.read_parquet(folder / _COMMON)
        nobodys = pd.read_parquet(folder / _NOBODYS)
        roles = {name: Role(role) for name, role in told["roles"].items()}
        model = MatchModel(
            roles=roles,
            columns=tuple(told["columns"]),
            rules=tuple(tuple(rule) for rule in told["rules"]),
            linked=False,
            persons=tuple(_as_kind(kind) for kind in told["persons"]),
            strangers=_as_kind(told["strangers"]),
            related=tuple(_as_kind(kind) for kind in told["related"]),
            frequencies={},
        )
        fields = [Field(f["name"], Role(f["role"]), f["column"]) for f in told["fields"]]
        return cls(
            fields=tuple(fields),
            notation=Notation.model_validate(told["notation"]),
            model=model,
            common={
                name: pd.Series(
                    of["log2_share"].to_numpy(), index=of["hash"].to_numpy(dtype=np.uint64)
                )
                for name in roles
                for of in [common[common["field"] == name]]
            },
            usual=told["usual"],
            nobodys={
                str(name): of["hash"].to_numpy(dtype=np.uint64)
                for name, of in nobodys.groupby("field")
            },
            trained_on=told["trained_on"],
            trained_until=date.fromisoformat(told["trained_until"]),
        )


def train(
    frame: pd.DataFrame,
    fields: Sequence[Field],
    settings: MatchSettings,
    *,
    key: str,
    until: date,
    of: int | None = None,
    labels: Labels = (),
) -> Matcher | None:
    """Learn a matcher from records; labels are not wanted, and taken where there are some.

    Parameters
    ----------
    frame : DataFrame
        Records in the order of their keys, so that the same ones teach the same.
    fields : sequence of Field
        What their columns hold.
    settings : MatchSettings
        How.
    key : str
        Of the hashes.
    until : date
        Last night whose records they are.
    of : int, optional
        How many records there are, where ``frame`` is a sample of them.
    labels : sequence of (int, int, bool)
        Rows of ``frame`` of which people have said whether they are one person.

    Returns
    -------
    Matcher or None
        None where the records tell too little to compare any.
    """
    dates = [v for f in fields if f.role is Role.BIRTH_DATE for v in frame[f.column] if v]
    said = settings.model_dump(include=set(Notation.model_fields), exclude_none=True)
    notation = Notation.model_validate({"month_first": month_comes_first(dates)} | said)
    table = normalised(frame, fields, notation)
    table.insert(0, RECORD, np.arange(len(table), dtype=np.int64))
    roles = _roles(fields, list(table.columns))
    nobodys = placeholders(table, roles, most_names=settings.most_names)
    table = cleared(table, roles, {n: table[n].isin(v) for n, v in nobodys.items()})
    compared = compared_fields(table, roles)
    copies = first_copies(table, list(compared), list(compared))
    told = table[copies == np.arange(len(table))]
    rules = rules_for(told, compared, pairs=settings.pairs, all_pairs_up_to=0, of=of)
    if not rules:
        return None
    model = untrained(compared, tuple(table.columns), rules, linked=False)
    shares, unheard = frequencies(told, model), rarest(told, model)
    counts = {name: told[name].value_counts() for name in compared}
    common = {}
    for name, share in shares.items():
        often = share[counts[name].reindex(share.index) > 2]
        common[name] = pd.Series(np.log2(often).to_numpy(), index=hashes(_index(often), key, name))
    draw = np.random.default_rng(_SEED)
    # What repeats another record letter by letter stands for it.
    decided = [(int(copies[one]), int(copies[two]), same) for one, two, same in labels]
    drawn = sample(told, settings.sample_records, draw, linked=False)
    named = told.index.isin([row for one, two, _ in decided for row in (one, two)])
    few = with_rarity(told[named | told.index.isin(drawn.index)], model.with_frequencies(shares))
    with duck.opened() as database:
        load(database, as_arrow(few))
        found = kept(database, graded(model, blocked(model)))
        model = trained(database, few, model, found, settings.sample_pairs, draw, decided)
    return Matcher(
        fields=tuple(fields),
        notation=notation,
        model=model,
        common=common,
        usual={name: float(np.log2(share)) for name, share in unheard.items()},
        nobodys={
            name: hashes(pd.Series(values, dtype=object), key, name)
            for name, values in nobodys.items()
        },
        trained_on=len(frame),
        trained_until=until,
    )


def _roles(fields: Sequence[Field], columns: Sequence[str]) -> dict[str, Role]:
    """Fields that there are after normalisation, which takes the number off a street."""
    made = {Role.HOUSE_NUMBER.value: Role.HOUSE_NUMBER}
    told = {field.name: field.role for field in fields}
    return {name: role for name, role in (made | told).items() if name in columns}


def _index(values: pd.Series) -> pd.Series:
    return pd.Series(values.index, dtype=object)


def _among(values: pd.Series, wanted: Hashes, key: str, field: str) -> pd.Series:
    told = values.notna()
    found = pd.Series(False, index=values.index)
    if told.any():
        found[told] = np.isin(hashes(values[told], key, field), wanted)
    return found


def _hashed(values: pd.Series, key: str, column: str) -> Hashes:
    """Hash the values that are told; what stands for the others is never looked at."""
    told = values.notna().to_numpy()
    found = np.zeros(len(values), dtype=np.uint64)
    if told.any():
        # A field and what follows from it are hashed apart.
        found[told] = hashes(values[told].astype(str), key, f"block {column}")
    return found


def _of_text(text: str) -> np.uint64:
    return np.uint64(int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big"))


def _mixed(one: Hashes, other: Hashes) -> Hashes:
    """Mix two hashes, of which the order counts."""
    mixed: Hashes = (one ^ (one >> np.uint64(29))) * _ODD + other
    return mixed


def _as_json(kind: Kind) -> dict[str, Any]:
    return {
        "prior": kind.prior,
        "shares": dict(kind.shares),
        "coincident": sorted(kind.coincident),
    }


def _as_kind(told: Mapping[str, Any]) -> Kind:
    shares = {name: tuple(values) for name, values in told["shares"].items()}
    return Kind(told["prior"], shares, frozenset(told["coincident"]))


def _table(parts: Sequence[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
