"""Match: the night's new and changed records, weighed against all by the identity model."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from jobs.identity.blocked import keep_to_list
from jobs.identity.decided import Decisions
from jobs.identity.matching.fields import Field, Role
from jobs.ingest.catalogue import source_set
from jobs.ingest.keyring import key_file, read_keyring
from jobs.lake.registry import open_registry
from jobs.lake.run import Record, Run
from jobs.lake.runner import recorded, write_frames
from jobs.lake.settings import conf_folder
from jobs.lake.tables.bronze import VAULT_CONTACTS, VAULT_KEYS
from jobs.lake.tables.matching import BLOCKS, MATCHES
from jobs.lake.tables.silver import CUSTOMERS
from jobs.lake.unchanged import unchanged

if TYPE_CHECKING:
    from jobs.identity.matched import Opener
    from jobs.identity.matching.matcher import Matcher
    from jobs.ingest.keyring import Keyring

log = logging.getLogger("bespoke")

MODEL = "identity"
"""Name of the registered model."""
MODEL_ID = f"models/{MODEL}"
SEALED = ("first_name", "last_name", "birth_date", "email", "phone", "street", "postcode")
"""What is compared of the vault."""
CLEAR = ("city", "gender")
"""What is compared of ``silver.customers``."""
NUMBERS = ("login", "customer_no", "loyalty_no")
"""What a source gives to one person."""
_HOLDERS = 20
"""A number that more records hold names nobody."""
FIELDS = tuple(Field(name, Role(name), name) for name in (*SEALED, *CLEAR))


def match(run: Run) -> None:
    """Weigh what is new, and train the first model once there are records enough.

    A later model is trained by a recorded step (``bespoke identity train``); then all records are
    new to it. What is weighed is written before the blocks that say that it was: a night that is
    killed in between weighs it again.
    """
    with recorded(run, "match") as record:
        keep_to_list(run, _country(run), lambda: read_keyring(key_file(run.home)))
        version = in_use(run)
        if unchanged(run, record, also=f"model {version}"):
            return
        vault = Vault.of(run, record)
        if version is None:
            version = _first_trained(run, record, vault)
        if version is None:
            record.error = "too few records with names or addresses: none were matched"
            log.info("match: %s", record.error)
            return
        record.inputs[MODEL_ID] = version
        _weigh(run, record, vault, version)


def _country(run: Run) -> str:
    return source_set(conf_folder() / "sources", run.settings.source).main.country


def in_use(run: Run) -> int | None:
    """Return the version of the identity model in use; None before there is one."""
    found = open_registry(run, MODEL).in_use(MODEL)
    return None if found is None else int(found)


def load(run: Run) -> Matcher:
    """Load the identity model in use; RegistryError where there is none."""
    from jobs.identity.matching.matcher import Matcher

    return open_registry(run, MODEL).load(Matcher, MODEL)[0]


def _first_trained(run: Run, record: Record, vault: Vault) -> int | None:
    if len(vault.telling) < run.settings.identity.matching.train_from:
        return None
    return train(run, record, vault)


def train(
    run: Run, record: Record, vault: Vault, *, why: str = "the first", asked: str = ""
) -> int | None:
    """Train a model on all records, register it and put it into use.

    Parameters
    ----------
    run : Run
        The night that it is trained of.
    record : Record
        Gets what was read.
    vault : Vault
        The records.
    why : str
        The reason, kept with it.
    asked : str
        Names the wish for it: of one wish and one state of the records there is one model.

    Returns
    -------
    int or None
        Its version; None where records tell too little to compare any.
    """
    from jobs.identity.matching import matcher

    wanted = run.settings.identity.matching
    few = wanted.model_copy(
        update={"pairs": min(wanted.pairs, wanted.pairs_a_record * len(vault.telling))}
    )
    ids = sorted(vault.telling)
    frame = vault.opened(ids)
    found = matcher.train(frame, FIELDS, few, key=vault.hash_key, until=run.as_of)
    if found is None:
        return None
    done = open_registry(run, MODEL).register(
        MODEL,
        found,
        run_key=f"{run.as_of}:{record.inputs[CUSTOMERS.id]}:{len(ids)}:{asked}",
        metric="records",
        metrics={"records": float(len(ids)), "rules": float(len(found.model.rules))},
        tables=record.inputs,
        parameters={"why": why, **wanted.model_dump(mode="json")},
        champion_value=0.0,
    )
    log.info("match: identity model %s, trained on %s records", done.version, f"{len(ids):,}")
    return int(done.version)


def _weigh(run: Run, record: Record, vault: Vault, version: int) -> None:
    blocks = run.lake.rows(
        BLOCKS,
        [("model", "=", version)],
        ["record_id", "blocks", "stamp"],
        version=run.version_of(BLOCKS, record),
    )
    stamps = vault.stamps
    weighed_as = dict(
        zip(blocks.column("record_id").to_pylist(), blocks.column("stamp").to_pylist(), strict=True)
    )
    new = sorted(r for r, stamp in stamps.items() if weighed_as.get(r) != stamp)
    record.counts["rows_read"] = len(new)
    if not new:
        return
    changed = {r for r in new if r in weighed_as}
    if len(stamps) > run.settings.identity.single_node_records:
        blocks_of, found = _weighed_on_spark(run, vault, new)
    else:
        blocks_of, found = _weighed_here(run, vault, new, blocks)
    matches = _with_withdrawn(run, record, found, changed, version)
    both = [matches[side].map(stamps) for side in ("left_id", "right_id")]
    matches["model"], matches["loaded_on"] = version, run.as_of
    # A tab comes before all that may stand in a version, so a longer one is a later one.
    matches["version"] = _of_model(version) + both[0].fillna("") + "\t" + both[1].fillna("")
    own = blocks_of.assign(model=version, loaded_on=run.as_of)
    own["stamp"] = own["record_id"].map(stamps)
    own["version"] = _of_model(version) + own["stamp"]
    written = 0
    for table, frame in ((MATCHES, matches), (BLOCKS, own)):
        rows = run.lake.spark.createDataFrame(_arrow(frame, table.names), table.schema())
        written += write_frames(run, record, {table: rows})
    record.counts["rows_written"] = written


def _weighed_here(
    run: Run, vault: Vault, new: Sequence[str], blocks: pa.Table
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Blocks and matches of new records, by DuckDB."""
    from jobs.identity.matched import weigh

    known = pa.array(sorted(vault.stamps.keys() - set(new)), pa.string())
    held = blocks.filter(pc.is_in(blocks.column("record_id"), value_set=known))
    asked = vault.told_one(set(new))
    done = weigh(new, held, load(run), vault.opened, vault.hash_key, asked)
    return done.blocks, done.matches


def _weighed_on_spark(
    run: Run, vault: Vault, new: Sequence[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Blocks and matches of new records, by Spark."""
    from jobs.identity.matched_distributed import weigh

    spark = run.lake.spark
    fresh = spark.createDataFrame([(r, True) for r in new], "record_id string, is_new boolean")
    customers = spark.createDataFrame(vault.customers.select(["record_id", *CLEAR]))
    contacts = spark.createDataFrame(vault.contacts)
    keys = spark.createDataFrame(vault.keys.select(["record_id", "wrapped_key"]))
    rows = (
        customers.join(fresh, "record_id", "left")
        .join(contacts, "record_id", "left")
        .join(keys, "record_id", "left")
        .fillna({"is_new": False})
    )
    asked = spark.createDataFrame(vault.told_one(set(new)), "left_id string, right_id string")
    opener = _opening(str(key_file(run.home)), vault.decisions.blocked_values)
    found = weigh(rows, load(run), opener, vault.hash_key, asked)
    return found[0].toPandas(), found[1].toPandas()


def _opening(key_file: str, blocked: Collection[str]) -> Callable[[pd.DataFrame], Opener]:
    """Return what makes, on a worker, a reader of the rows of a part."""

    def make(rows: pd.DataFrame) -> Opener:
        from jobs.identity.opening import opened

        telling = rows[rows["sealed"].notna() & rows["wrapped_key"].notna()]
        texts = ("record_id", "email_token", "phone_token", "wrapped_key")
        held = {name: pa.array(telling[name], pa.string(), from_pandas=True) for name in texts}
        held["sealed"] = pa.array(telling["sealed"].tolist(), pa.map_(pa.string(), pa.string()))
        vault, ring = pa.table(held), read_keyring(Path(key_file))

        def open_records(records: Sequence[str]) -> pd.DataFrame:
            frame = opened(records, vault, vault, ring, SEALED, blocked)
            for column in CLEAR:
                values = rows[column].astype(object)
                frame[column] = values.where(values.notna(), None).to_numpy()
            return frame

        return open_records

    return make


def _with_withdrawn(
    run: Run, record: Record, matches: pd.DataFrame, changed: Collection[str], version: int
) -> pd.DataFrame:
    """Add the pairs of changed records that are none any more, without a weight."""
    if not changed:
        return matches
    before = run.lake.rows(
        MATCHES,
        [("model", "=", version)],
        ["left_id", "right_id", "weight"],
        version=run.version_of(MATCHES, record),
    ).to_pandas()
    of_changed = before["left_id"].isin(changed) | before["right_id"].isin(changed)
    before = before[of_changed & before["weight"].notna()][["left_id", "right_id"]]
    both = before.merge(matches, on=["left_id", "right_id"], how="left", indicator=True)
    gone = both[both["_merge"] == "left_only"][["left_id", "right_id"]]
    none: pd.DataFrame = gone.reindex(columns=matches.columns)
    return pd.concat([matches, none], ignore_index=True)


def _of_model(version: int) -> str:
    return f"{version:06d}\t"


def _arrow(frame: pd.DataFrame, names: Sequence[str]) -> pa.Table:
    types = {
        "blocks": pa.list_(pa.int64()),
        "weight": pa.float64(),
        "probability": pa.float64(),
        "contradicting": pa.bool_(),
        "model": pa.int32(),
        "loaded_on": pa.date32(),
    }
    return pa.table(
        {n: pa.array(frame[n], types.get(n, pa.string()), from_pandas=True) for n in names}
    )


class Vault:
    """The customer records of a night, and how they are opened."""

    def __init__(
        self,
        customers: pa.Table,
        contacts: pa.Table,
        keys: pa.Table,
        ring: Keyring | None,
        decisions: Decisions,
    ) -> None:
        self.customers, self.contacts, self.keys, self.ring = customers, contacts, keys, ring
        self.decisions = decisions
        self.telling = frozenset(contacts.column("record_id").to_pylist())
        """Records that tell something in the vault."""

    @classmethod
    def of(cls, run: Run, record: Record) -> Vault:
        """Read what is known of a night's customer records."""

        def rows(table: object, columns: Sequence[str], sources: Collection[str]) -> pa.Table:
            within = None if not sources else [("source", "in", list(sources))]
            version = run.version_of(table, record)  # type: ignore[arg-type]
            return run.lake.rows(table, within, columns, version=version)  # type: ignore[arg-type]

        customers = rows(CUSTOMERS, ["record_id", "source", "version", *NUMBERS, *CLEAR], ())
        sources = customers.column("source").unique().to_pylist()
        contacts = rows(
            VAULT_CONTACTS, ["record_id", "sealed", "email_token", "phone_token"], sources or [""]
        )
        keys = rows(VAULT_KEYS, ["record_id", "wrapped_key"], sources or [""])
        ring = read_keyring(key_file(run.home)) if keys.num_rows else None
        return cls(customers, contacts, keys, ring, Decisions.of(run, record))

    @property
    def hash_key(self) -> str:
        """Key of the matcher's hashes."""
        from jobs.identity.matching.matcher import hash_key

        assert self.ring is not None, "records that tell something have keys"
        return hash_key(self.ring.tokens)

    @property
    def stamps(self) -> dict[str, str]:
        """Record to what its forms follow from: its version, and what was said of its values."""
        table = self.customers
        versions = dict(
            zip(
                table.column("record_id").to_pylist(),
                table.column("version").to_pylist(),
                strict=True,
            )
        )
        said = self.decisions.said_of_values
        for name in ("email_token", "phone_token") if said else ():
            told = pc.is_in(self.contacts.column(name), value_set=pa.array(sorted(said)))
            rows = self.contacts.filter(told)
            for one, token in zip(
                rows.column("record_id").to_pylist(), rows.column(name).to_pylist(), strict=True
            ):
                if one in versions:
                    versions[one] += f"\t{said[token]:04d}"
        return versions

    def told_one(self, new: Collection[str]) -> list[tuple[str, str]]:
        """Pairs with a new record that sources say are one person, by a number both hold."""
        table = self.customers.select(["record_id", *NUMBERS]).to_pandas()
        found = set()
        for number in NUMBERS:
            held = table[["record_id", number]].dropna()
            held = held[held.groupby(number)["record_id"].transform("size").between(2, _HOLDERS)]
            fresh = held[held["record_id"].isin(new)]
            pairs = fresh.merge(held, on=number)
            pairs = pairs[pairs["record_id_x"] != pairs["record_id_y"]]
            found |= {
                (min(a, b), max(a, b))
                for a, b in zip(pairs["record_id_x"], pairs["record_id_y"], strict=True)
            }
        return sorted(found)

    def opened(self, records: Sequence[str]) -> pd.DataFrame:
        """Read the columns that are compared of records, in their order."""
        from jobs.identity.opening import opened

        if self.ring is None:
            return pd.DataFrame(index=range(len(records)), columns=[*SEALED, *CLEAR], dtype=object)
        frame = opened(
            records, self.contacts, self.keys, self.ring, SEALED, self.decisions.blocked_values
        )
        clear = self.customers.select(["record_id", *CLEAR]).to_pandas().set_index("record_id")
        for column in CLEAR:
            values = clear[column].reindex(records)
            frame[column] = values.astype(object).where(values.notna(), None).to_numpy()
        return frame
