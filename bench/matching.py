"""Benchmark of matching: who is one person among published records, beside Splink's own settings.

Usage::

    python bench/matching.py [--only NAME] [--historical FILE]

Every data set is resolved with no settings at all, and by each of Splink's notebooks for it, in the
same run and each in a process of its own. The result is written as JSON, and beside it as Markdown;
a data set that was not run this time keeps what it had.

Figures are of pairs of records within clusters, and B-cubed. Their 95% intervals are bootstrapped
over true persons: 1,000 times as many persons as there are, drawn with replacement. Each person
brings along what its records count towards the sums: the pairs that are in both, half of every
predicted pair that a record of it is in (so that a wrong pair counts for both persons), and its
true pairs; each figure is then of the sums. All systems see the same draws, so that a difference is
paired by person.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
import pandas as pd
from demonstration import Demonstrated, demonstrate, peak_bytes
from matching_data import DATA_SETS, TRUTH, Sources
from matching_report import markdown
from numpy.typing import NDArray
from splink_demos import DEMONSTRATIONS
from watch import machine

from jobs.identity.accuracy import Accuracy, accuracy
from jobs.identity.matching.resolve import resolve
from jobs.identity.matching.settings import MatchSettings

Numbers = NDArray[np.int64]
Draws = dict[str, NDArray[np.float64]]
"""Each figure in every draw of the bootstrap."""
T = TypeVar("T")

DRAWS: Final = 1_000
SEED: Final = 20
DATA: Final = Path(__file__).resolve().parents[2] / "shared" / "data"


def main() -> None:
    """Read the arguments, run, and write both files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("BESPOKE_DATA", DATA))
    parser.add_argument("--historical", type=Path, help="Splink's historical_50k, as Parquet")
    parser.add_argument("--only", choices=DATA_SETS, help="one data set")
    parser.add_argument("--out", type=Path, default=Path("bench/matching.json"))
    arguments = parser.parse_args()
    sources = Sources(Path(arguments.data), arguments.historical)
    ran = {}
    for name in [arguments.only] if arguments.only else DATA_SETS:
        try:
            files = DATA_SETS[name].load(sources)
        except FileNotFoundError as error:
            _say(f"{name}: skipped: {error}")
            continue
        ran[name] = judged(name, files)
    if not ran:
        parser.error("no data set was run")
    before = {}
    if arguments.out.is_file():
        before = json.loads(arguments.out.read_text(encoding="utf-8"))["data_sets"]
    result = {
        "command": "python bench/matching.py --historical FILE",
        "machine": machine(),
        "versions": {name: version(name) for name in ("splink", "duckdb")},
        "draws": DRAWS,
        "seed": SEED,
        "data_sets": {name: (before | ran)[name] for name in DATA_SETS if name in before | ran},
    }
    arguments.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    arguments.out.with_suffix(".md").write_text(markdown(result), encoding="utf-8")
    _say(f"wrote {arguments.out} and {arguments.out.with_suffix('.md')}")


def judged(name: str, files: Sequence[pd.DataFrame]) -> dict[str, Any]:
    """Resolve a data set with each system, and hold what they found against the truth."""
    data_set = DATA_SETS[name]
    records = pd.DataFrame(
        {
            "truth": np.concatenate([file[TRUTH].to_numpy(dtype=object) for file in files]),
            "side": np.repeat(np.arange(len(files)), [len(file) for file in files]),
        }
    )
    persons = records["truth"].nunique()
    # As many persons as there are, drawn with replacement: how often each comes up.
    drawn = np.random.default_rng(SEED).multinomial(persons, np.full(persons, 1 / persons), DRAWS)
    cluster, seconds, peak = _apart(ours, files)
    mine, my_draws = clusters_judged(records, cluster, drawn)
    _say(f"{name}: ours: F1 {mine['f1']['value']:.4f}, {seconds:.1f} s")
    found: dict[str, Any] = {
        "date": datetime.now(UTC).date().isoformat(),
        "note": data_set.note,
        "files": len(files),
        "records": len(records),
        "persons": int(persons),
        "ours": {**_cost(seconds, peak), "clusters": mine},
        "splink": {},
    }
    for demo in data_set.demonstrations:
        shown = _apart(demonstrate, DEMONSTRATIONS[demo], [f.drop(columns=TRUTH) for f in files])
        found["splink"][demo] = beside(demo, shown, records, drawn, mine, my_draws)
        _say(f"{name}: {demo}: {_in_words(found['splink'][demo])}")
    return found


def ours(
    files: Sequence[pd.DataFrame], settings: MatchSettings | None = None
) -> tuple[Numbers, float, int]:
    """Resolve records; the cluster of each in the order of the files, seconds, and peak bytes."""
    started = time.perf_counter()
    found = resolve(files, settings or MatchSettings(), without=(TRUTH,))
    seconds = time.perf_counter() - started
    return found.cluster[np.lexsort((found.rows, found.sides))], seconds, peak_bytes()


def beside(
    name: str,
    shown: Demonstrated,
    records: pd.DataFrame,
    drawn: Numbers,
    mine: Mapping[str, Any],
    my_draws: Draws,
) -> dict[str, Any]:
    """Figures of a demonstration: its pairs, its clusters, and the best that any threshold gives.

    The last is chosen with the truth in hand, as nobody could without it.
    """
    demo = DEMONSTRATIONS[name]
    every = {how: clusters_judged(records, found, drawn) for how, found in shown.clusters.items()}
    best = max(every, key=lambda how: every[how][0]["f1"]["value"])
    own, own_draws = every[str(demo.clusters_at)]

    def ahead(theirs: Mapping[str, Any], draws: Draws) -> dict[str, float]:
        return _interval(mine["f1"]["value"] - theirs["f1"]["value"], my_draws["f1"] - draws["f1"])

    return {
        "notebook": demo.notebook,
        **_cost(shown.seconds, shown.peak_bytes),
        "edges": {
            "threshold": demo.edges_at,
            **edges_judged(records, shown.left, shown.right, drawn),
        },
        "clusters": {"threshold": demo.clusters_at, **own, "ours_ahead": ahead(own, own_draws)},
        "best": {"threshold": best, **every[best][0], "ours_ahead": ahead(*every[best])},
        "f1": {how: measured["f1"]["value"] for how, (measured, _) in every.items()},
    }


def clusters_judged(
    records: pd.DataFrame, cluster: Numbers, drawn: Numbers
) -> tuple[dict[str, Any], Draws]:
    """Figures of clusters with their intervals, and each figure in every draw."""
    told = records.assign(cluster=cluster)
    cell, mine, true = ["cluster", "truth"], ["cluster"], ["truth"]
    sizes = {tuple(keys): _size(told, keys) for keys in (cell, mine, true)}
    counted = pd.DataFrame(
        {
            "shared": _partners(told, cell) / 2,
            "predicted": _partners(told, mine) / 2,
            "true": _partners(told, true) / 2,
            "bcubed_precision": sizes[*cell,] / sizes[*mine,],
            "bcubed_recall": sizes[*cell,] / sizes[*true,],
            "records": 1.0,
        }
    )
    draws = _drawn_figures(counted, records, drawn)
    sides = records["side"].tolist() if records["side"].nunique() > 1 else None
    return _figures(accuracy(cluster.tolist(), records["truth"].tolist(), sides), draws), draws


def edges_judged(
    records: pd.DataFrame, left: Numbers, right: Numbers, drawn: Numbers
) -> dict[str, Any]:
    """Figures of pairs as they are, before any clustering."""
    truth = records["truth"].to_numpy()
    same = truth[left] == truth[right]

    def per_record(chosen: NDArray[np.bool_]) -> NDArray[np.float64]:
        ends = np.concatenate([left[chosen], right[chosen]])
        return np.bincount(ends, minlength=len(truth)) / 2

    counted = pd.DataFrame(
        {
            "shared": per_record(same),
            "predicted": per_record(np.full(len(same), True)),
            "true": _partners(records, ["truth"]) / 2,
        }
    )
    measured = Accuracy(int(same.sum()), len(same), int(counted["true"].sum()), 0.0, 0.0)
    return _figures(measured, _drawn_figures(counted, records, drawn))


def _size(records: pd.DataFrame, keys: list[str]) -> pd.Series:
    """For each record how many have its keys, itself too."""
    return records.groupby(keys)["side"].transform("size")


def _partners(records: pd.DataFrame, keys: list[str]) -> pd.Series:
    """For each record how many others have its keys; of two linked files those of the other."""
    if records["side"].nunique() > 1:
        return _size(records, keys) - _size(records, [*keys, "side"])
    return _size(records, keys) - 1


def _drawn_figures(counted: pd.DataFrame, records: pd.DataFrame, drawn: Numbers) -> Draws:
    """Sum what the records count by person, and take the figures of every draw of persons."""
    persons = counted.groupby(records["truth"].to_numpy(), sort=True).sum()
    sums = pd.DataFrame(drawn.astype(float) @ persons.to_numpy(), columns=persons.columns)
    shared, predicted, true = (sums[name].to_numpy() for name in ("shared", "predicted", "true"))
    figures = {
        "precision": shared / predicted,
        "recall": shared / true,
        "f1": 2 * shared / (predicted + true),
    }
    if "records" in sums:
        precision, recall = (
            (sums[f"bcubed_{name}"] / sums["records"]).to_numpy()
            for name in ("precision", "recall")
        )
        figures["bcubed_f1"] = 2 * precision * recall / (precision + recall)
    return figures


def _figures(measured: Accuracy, draws: Draws) -> dict[str, Any]:
    return {name: _interval(getattr(measured, name), values) for name, values in draws.items()}


def _interval(value: float, draws: NDArray[np.float64]) -> dict[str, float]:
    low, high = np.quantile(draws, [0.025, 0.975])
    return {"value": round(value, 5), "low": round(float(low), 5), "high": round(float(high), 5)}


def _cost(seconds: float, peak: int) -> dict[str, float]:
    return {"seconds": round(seconds, 1), "peak_memory_gib": round(peak / 2**30, 2)}


def _in_words(found: Mapping[str, Any]) -> str:
    edges, clusters, best = (found[name] for name in ("edges", "clusters", "best"))
    return (
        f"pairs P {edges['precision']['value']:.4f} R {edges['recall']['value']:.4f}, clusters F1 "
        f"{clusters['f1']['value']:.4f}, best {best['f1']['value']:.4f} ({best['threshold']}), "
        f"{found['seconds']} s"
    )


def _apart(work: Callable[..., T], *given: Any) -> T:
    """Run in a process of its own, which begins with no memory of another."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, *given).result()


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


if __name__ == "__main__":
    main()
