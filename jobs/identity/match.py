"""Match: the night's new and changed records, weighed against all by the identity model."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from jobs.identity.blocked import keep_to_list
from jobs.identity.matching.fields import FORMAT, Field, FormatError, Role
from jobs.identity.opening import CLEAR, FEW, SEALED, opened
from jobs.identity.vault import Vault
from jobs.ingest.catalogue import source_set
from jobs.lake import scratch
from jobs.lake.registry import open_registry
from jobs.lake.run import Record, Run
from jobs.lake.runner import recorded, write_frames
from jobs.lake.settings import conf_folder
from jobs.lake.tables.matching import BLOCKS, MATCHES
from jobs.lake.tables.silver import CUSTOMERS
from jobs.lake.transfer import to_arrow, to_spark
from jobs.lake.unchanged import unchanged
from jobs.privacy.keyring import key_file, read_keyring

if TYPE_CHECKING:
    from jobs.identity.formed import Forms
    from jobs.identity.matched import Weighed
    from jobs.identity.matched_distributed import Opener
    from jobs.identity.matching.matcher import Matcher

log = logging.getLogger("bespoke")

MODEL = "identity"
"""Name of the registered model."""
MODEL_ID = f"models/{MODEL}"
_PAIR = ["left_id", "right_id"]
FIELDS = tuple(Field(name, Role(name), name) for name in (*SEALED, *CLEAR))


def match(run: Run) -> None:
    """Weigh what is new, and train the first model once there are records enough.

    A later model is trained by a recorded step (``bespoke identity train``), or where this release
    compares records otherwise than the one that trained the last; then all records are new to it.
    What is weighed is written before the blocks that say that it was: a night that is
    killed in between weighs it again.
    """
    with recorded(run, "match") as record:
        keep_to_list(run, _country(run), lambda: read_keyring(key_file(run.home)))
        version = in_use(run)
        if unchanged(run, record, also=f"model {version} {FORMAT}"):
            return
        vault = Vault.of(run, record)
        if version is None:
            version = _first_trained(run, record, vault)
        if version is None:
            record.error = "too few records with names or addresses: none were matched"
            log.info("match: %s", record.error)
            return
        try:
            matcher = load(run)
        except FormatError:
            why = "this release compares records otherwise than the one before"
            version = train(run, record, vault, why=why, asked=f"format {FORMAT}") or version
            matcher = load(run)
        record.inputs[MODEL_ID] = version
        _weigh(run, record, vault, version, matcher)


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
    everybody = len(vault.telling)
    labels = vault.labels
    ids = sorted(
        {*vault.drawn(wanted.train_records, wanted.most_names)}.union(*(p[:2] for p in labels))
    )
    place = {record: row for row, record in enumerate(ids)}
    found = matcher.train(
        vault.opened(ids),
        FIELDS,
        few,
        key=vault.hash_key,
        until=run.as_of,
        of=None if len(ids) == everybody else everybody,
        labels=[(place[one], place[two], same) for one, two, same in labels],
    )
    if found is None:
        return None
    done = open_registry(run, MODEL).register(
        MODEL,
        found,
        run_key=f"{run.as_of}:{record.inputs[CUSTOMERS.id]}:{len(ids)}:{asked}",
        metric="records",
        metrics={
            "records": float(len(ids)),
            "rules": float(len(found.model.rules)),
            "labels": float(len(labels)),
        },
        tables=record.inputs,
        parameters={"why": why, **wanted.model_dump(mode="json")},
        champion_value=0.0,
    )
    log.info("match: identity model %s, trained on %s records", done.version, f"{len(ids):,}")
    return int(done.version)


def _weigh(run: Run, record: Record, vault: Vault, version: int, matcher: Matcher) -> None:
    blocks = run.lake.rows(
        BLOCKS,
        [("model", "=", version)],
        ["record_id", "blocks", "stamp"],
        version=run.version_of(BLOCKS, record),
    )
    ids, stamps = (column.combine_chunks() for column in vault.stamps.columns)
    place = pc.index_in(ids, value_set=blocks.column("record_id"))
    before = blocks.column("stamp").combine_chunks().take(place)
    is_new = pc.fill_null(pc.not_equal(before, stamps), True)
    new = ids.filter(is_new).to_pylist()
    record.counts["rows_read"] = len(new)
    if not new:
        return
    changed = ids.filter(pc.and_(is_new, pc.is_valid(place)))
    held = blocks.filter(
        pc.is_in(blocks.column("record_id"), value_set=ids.filter(pc.invert(is_new)))
    )
    if len(ids) > run.settings.identity.single_node_records:
        found = _weighed_on_spark(run, vault, matcher, new)
    else:
        found = _weighed_here(run, vault, matcher, new, held)
    matches = _with_withdrawn(run, record, found.matches, changed, version)

    def stamp(records: pa.ChunkedArray) -> pa.Array:
        return stamps.take(pc.index_in(records, value_set=ids).combine_chunks()).fill_null("")

    # A tab comes before all that may stand in a version, so a longer one is a later one.
    own = stamp(found.blocks.column("record_id"))
    of_model = pa.scalar(f"{version:06d}", pa.string())
    ends = [stamp(matches.column(side)) for side in _PAIR]
    versions = [pc.binary_join_element_wise(of_model, *of, "\t") for of in (ends, [own])]
    written = 0
    for table, rows, of_rows in (
        (MATCHES, matches, versions[0]),
        (BLOCKS, found.blocks.append_column("stamp", own), versions[1]),
    ):
        frame = to_spark(run.lake.spark, _whole(run, rows, version, of_rows, table.names))
        written += write_frames(run, record, {table: frame})
    record.counts["rows_written"] = written


def _weighed_here(
    run: Run, vault: Vault, matcher: Matcher, new: Sequence[str], held: pa.Table
) -> Weighed:
    """Blocks and matches of new records, by DuckDB."""
    from jobs.identity.formed import Apart, Former, inline
    from jobs.identity.matched import weigh

    folder = scratch.folder() / "matching"
    folder.mkdir(exist_ok=True, mode=0o700)
    here = inline(vault.opened, matcher, vault.hash_key)
    apart = Apart(vault.sealed, matcher, key_file(run.home), folder)

    def form(records: Sequence[str]) -> Forms:
        former: Former = here if len(records) <= FEW else apart
        return former(records)

    try:
        limits = run.settings.identity
        asked = vault.told_one(new, limits.identifiers.numbers)
        return weigh(new, held, matcher, form, asked, limits.memory)
    finally:
        shutil.rmtree(folder)


def _weighed_on_spark(run: Run, vault: Vault, matcher: Matcher, new: Sequence[str]) -> Weighed:
    """Blocks and matches of new records, by Spark."""
    from jobs.identity.matched import Weighed
    from jobs.identity.matched_distributed import weigh

    spark = run.lake.spark
    ids = pa.array(new, pa.string())
    fresh = to_spark(spark, pa.table({"record_id": ids, "is_new": pa.repeat(True, len(ids))}))
    customers = to_spark(spark, vault.customers.select(["record_id", *CLEAR]))
    batches, wrapped = vault.read(None)
    contacts, keys = to_spark(spark, pa.Table.from_batches(batches)), to_spark(spark, wrapped)
    rows = (
        customers.join(fresh, "record_id", "left")
        .join(contacts, "record_id", "left")
        .join(keys, "record_id", "left")
        .fillna({"is_new": False})
    )
    told = vault.told_one(new, run.settings.identity.identifiers.numbers)
    ends = [pa.array([pair[n] for pair in told], pa.string()) for n in (0, 1)]
    asked = to_spark(spark, pa.table(ends, names=_PAIR))
    opener = _opening(str(key_file(run.home)), vault.decisions.blocked_values)
    blocks, matches = weigh(rows, matcher, opener, vault.hash_key, asked)
    return Weighed(to_arrow(blocks, len(new)), to_arrow(matches, len(new)))


def _opening(key_file: str, blocked: Collection[str]) -> Opener:
    """Return what opens, on a worker, the rows of a part."""
    return lambda part: opened(part, read_keyring(Path(key_file)), blocked)


def _with_withdrawn(
    run: Run, record: Record, matches: pa.Table, changed: pa.Array, version: int
) -> pa.Table:
    """Add the pairs of changed records that are none any more, without a weight."""
    if not len(changed):
        return matches
    before = run.lake.rows(
        MATCHES,
        [("model", "=", version)],
        [*_PAIR, "weight"],
        version=run.version_of(MATCHES, record),
    )
    touched = [pc.is_in(before.column(side), value_set=changed) for side in _PAIR]
    before = before.filter(pc.and_(pc.or_(*touched), pc.is_valid(before.column("weight"))))
    gone = before.select(_PAIR).join(matches.select(_PAIR), list(_PAIR), join_type="left anti")
    return pa.concat_tables([matches, gone], promote_options="permissive")


def _whole(
    run: Run, rows: pa.Table, model: int, versions: pa.Array, names: Sequence[str]
) -> pa.Table:
    """Add to rows the model, the night and their versions."""
    count = rows.num_rows
    own = {
        "model": pa.repeat(pa.scalar(model, pa.int32()), count),
        "loaded_on": pa.repeat(pa.scalar(run.as_of, pa.date32()), count),
        "version": versions,
    }
    for name, column in own.items():
        rows = rows.append_column(name, column)
    return rows.select(list(names))
