"""Benchmark of identity on the hard world: our matching, email alone, Splink's demonstrations.

Usage::

    python bench/identity_world.py [--world FOLDER] [--people 20000]

The simulated world's CRM records under ``records: hard`` (``jobs/simulate/gaps.py``), each
as it stands on the last day, are written as one file of person records, and the truth as another.
Both are taken from the folder where they are there already. Every system is then given the same
records in the same run, each in a process of its own; how figures and their intervals are made is
told in ``bench/matching.py``, whose work this is.

Splink has no notebook for these records. The closest is that for ``historical_50k``: tens of
thousands of records with names, date of birth, postcode and town (for its place of birth; of its
occupation there is nothing). Those for ``fake_1000`` have names, date of birth, city and email. All
are run as they are, on lower case.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import matching
import numpy as np
import pandas as pd
from demonstration import demonstrate, peak_bytes
from identity_world_report import markdown
from matching_data import TRUTH
from splink_demos import DEMONSTRATIONS
from watch import machine

from jobs.identity.matching.records import read_records
from jobs.identity.settings import IdentitySettings

RECORDS: Final = "records.csv"
PERSONS: Final = "truth.csv"
COLUMNS: Final = ("record_id", "first_name", "last_name", "birth_date", "email", "phone", "street",
                  "postcode", "city", "gender")  # fmt: skip
NOTEBOOKS: Final = ("historical_50k", "accuracy_analysis", "tutorial")
AS_THEIRS: Final = {"first_name": ("first_name",), "last_name": ("surname",),
                    "birth_date": ("dob",), "email": ("email",), "city": ("city", "birth_place"),
                    "postcode": ("postcode_fake",)}  # fmt: skip
"""Columns, and what Splink's notebooks call them."""
MOST_HOLDERS: Final = 20
"""More records than this are behind no mail box: the tills' placeholders are left out."""


def main() -> None:
    """Read the arguments, run, and write both files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--world", type=Path, help="folder of its files; made where missing")
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--seed", type=int, help="of the world; the simulator's own")
    parser.add_argument("--out", type=Path, default=Path("bench/identity_world.json"))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        world = arguments.world or Path(scratch)
        if not (world / PERSONS).is_file():
            make(world, arguments.people, arguments.seed)
        result = judged(*load(world))
    seed = "" if arguments.seed is None else f" --seed {arguments.seed}"
    result["command"] = f"python bench/identity_world.py --people {arguments.people}{seed}"
    arguments.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    arguments.out.with_suffix(".md").write_text(markdown(result), encoding="utf-8")


def make(world: Path, people: int, seed: int | None) -> None:
    """Write the records of a world, and apart from them who they are."""
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    from jobs.lake.session import open_session
    from jobs.lake.settings import settings
    from jobs.simulate.chance import Chance
    from jobs.simulate.clock import Clock
    from jobs.simulate.hard_records import hard_crm_rows
    from jobs.simulate.people import people as everybody
    from jobs.simulate.settings import TIME_ZONE, SimulateSettings
    from jobs.simulate.truth import true_persons, true_records

    said = {} if seed is None else {"seed": seed}
    wanted = SimulateSettings(people=people, records="hard", **said)
    spark = open_session(settings().spark)
    chance, clock = Chance(wanted.seed), Clock(wanted.first_day, TIME_ZONE)
    persons = everybody(spark, wanted, chance, spark.sparkContext.defaultParallelism)
    latest = Window.partitionBy("customer_no").orderBy(F.desc("updated_at"))
    told = (
        hard_crm_rows(persons, wanted, chance, clock)
        .withColumn("place", F.row_number().over(latest))
        .where("place = 1")
        .withColumnRenamed("customer_no", "record_id")
    )
    who = true_persons(persons, wanted, clock).select(
        "person", "household", "first_name", "last_name", "born"
    )
    truth = true_records(persons, wanted, chance).where("system = 'crm'").join(who, "person")
    world.mkdir(parents=True, exist_ok=True)
    records = told.select(*COLUMNS).orderBy("record_id").toPandas()
    records.to_csv(world / RECORDS, index=False)
    truth = truth.withColumnRenamed("record_key", "record_id").drop("system").orderBy("record_id")
    truth.toPandas().to_csv(world / PERSONS, index=False)
    spark.stop()


def load(world: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read the records, with the true person as a column that no system is shown, and the truth."""
    records = read_records(world / RECORDS)
    truth = pd.read_csv(world / PERSONS).set_index("record_id").loc[records["record_id"]]
    return records.assign(**{TRUTH: truth["person"].to_numpy()}), truth.reset_index()


def judged(records: pd.DataFrame, truth: pd.DataFrame) -> dict[str, Any]:
    """Resolve the records with each system, and hold what they found against the truth."""
    told = pd.DataFrame({"truth": records[TRUTH].to_numpy(), "side": 0})
    persons = told["truth"].nunique()
    drawn = np.random.default_rng(matching.SEED).multinomial(
        persons, np.full(persons, 1 / persons), matching.DRAWS
    )
    cluster, seconds, peak = matching._apart(matching.ours, [records])
    mine, my_draws = matching.clusters_judged(told, cluster, drawn)
    matching._say(f"ours: {_in_words(mine)}, {seconds:.1f} s")
    by_night, *cost = matching._apart(of_a_night, [records])
    careful, _ = matching.clusters_judged(told, by_night, drawn)
    matching._say(f"ours, by the settings of a night: {_in_words(careful)}")
    result: dict[str, Any] = {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine(),
        "versions": {name: version(name) for name in ("splink", "duckdb")},
        "draws": matching.DRAWS,
        "records": len(records),
        "persons": int(persons),
        "true_pairs": int((told.groupby("truth").size().map(lambda n: n * (n - 1) // 2)).sum()),
        "missing": {name: round(float(records[name].isna().mean()), 3) for name in COLUMNS[1:]},
        "ours": {
            **matching._cost(seconds, peak),
            "clusters": mine,
            "wrong_pairs": relations(truth, cluster),
        },
        "night": {
            **matching._cost(*cost),
            "clusters": careful,
            "wrong_pairs": relations(truth, by_night),
        },
    }
    by_email, seconds = email_alone(records)
    theirs, draws = matching.clusters_judged(told, by_email, drawn)
    matching._say(f"email alone: {_in_words(theirs)}, {seconds:.1f} s")
    gap = matching._interval(
        mine["f1"]["value"] - theirs["f1"]["value"], my_draws["f1"] - draws["f1"]
    )
    result["email"] = {
        **matching._cost(seconds, peak_bytes()),
        "clusters": {**theirs, "ours_ahead": gap},
    }
    result["splink"] = {}
    given = as_theirs(records)
    for name in NOTEBOOKS:
        shown = matching._apart(demonstrate, DEMONSTRATIONS[name], [given])
        found = matching.beside(name, shown, told, drawn, mine, my_draws)
        result["splink"][name] = found
        matching._say(f"{name}: {_in_words(found['clusters'])}, best {_in_words(found['best'])}")
    return result


def of_a_night(files: Sequence[pd.DataFrame]) -> tuple[matching.Numbers, float, int]:
    """Resolve records by the bands of the nightly run, which joins from odds of 11 to 1."""
    return matching.ours(files, IdentitySettings().matching)


def email_alone(records: pd.DataFrame) -> tuple[matching.Numbers, float]:
    """Call records of one address one person; cluster of each record, and seconds."""
    started = time.perf_counter()
    address = records["email"].str.strip().str.lower()
    holders = address.map(address.value_counts())
    usable = address.notna() & (address != "") & (holders <= MOST_HOLDERS)
    own = pd.Series(np.arange(len(records)), index=records.index).astype(str)
    cluster, _ = pd.factorize(address.where(usable, own))
    return cluster.astype(np.int64), time.perf_counter() - started


def as_theirs(records: pd.DataFrame) -> pd.DataFrame:
    """Return the columns of Splink's notebooks, without case and surrounding blanks."""
    told = {
        theirs: records[ours].str.strip().str.lower()
        for ours, names in AS_THEIRS.items()
        for theirs in names
    }
    # Its comparison of postcodes knows capitals only.
    told["postcode_fake"] = told["postcode_fake"].str.upper()
    return pd.DataFrame({"unique_id": records["record_id"], **told, "occupation": None})


def relations(truth: pd.DataFrame, cluster: matching.Numbers) -> Mapping[str, int]:
    """Count the wrong pairs by what the two persons are to each other."""
    rows = truth.assign(cluster=cluster)
    pairs = rows.merge(rows, on="cluster", suffixes=("", "_other"))
    pairs = pairs[pairs["person"] < pairs["person_other"]]
    house = pairs["household"] == pairs["household_other"]
    named = [pairs[name] == pairs[f"{name}_other"] for name in ("first_name", "last_name", "born")]
    kinds = {
        "twins": house & ~named[0] & named[2],
        "namesakes": house & named[0] & named[1],
        "one house": house & ~named[2] & ~(named[0] & named[1]),
        "strangers": ~house,
    }
    return {kind: int(held.sum()) for kind, held in kinds.items()}


def _in_words(figures: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{name} {figures[name]['value']:.4f}"
        for name in ("precision", "recall", "f1", "bcubed_f1")
    )


if __name__ == "__main__":
    os.environ.setdefault("BESPOKE_HOME", tempfile.mkdtemp())
    main()
