"""A trial of matching on somebody's own file, with its figures where the truth is known."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from pydantic import ValidationError

from jobs.identity.accuracy import accuracy
from jobs.identity.matching.fields import RecordsError
from jobs.identity.matching.records import read_records, texts
from jobs.identity.matching.resolve import Resolved, resolve
from jobs.identity.matching.settings import MatchSettings


def run_trial(
    records: Path,
    *,
    link: Path | None = None,
    truth: str | None = None,
    settings_file: Path | None = None,
    out: Path | None = None,
) -> dict[str, float | int | None]:
    """Resolve the records of a file, or link those of two.

    Parameters
    ----------
    records, link : Path
        CSV or Parquet, a row a record.
    truth : str, optional
        Column with the true person; it is compared with afterwards and not looked at before.
    settings_file : Path, optional
        YAML of :class:`MatchSettings`.
    out : Path, optional
        Where the cluster of each record goes, as CSV, or Parquet by its ending: the record's id,
        of two files which one it is from (1, 2), and the cluster.

    Returns
    -------
    dict
        precision, recall and f1 over pairs within clusters, bcubed_f1 (all None without a truth),
        clusters, largest_cluster, seconds.

    Raises
    ------
    RecordsError
        A file, a column or a setting cannot be used.
    """
    begun = time.monotonic()
    settings = read_settings(settings_file)
    files = [read_records(path) for path in (records, link) if path is not None]
    if truth is not None:
        for path, frame in zip((records, link), files, strict=False):
            if truth not in frame.columns:
                raise RecordsError(f"{path}: has no column {truth!r} for --truth")
    found = resolve(files, settings, without=(truth,) if truth else ())
    seconds = time.monotonic() - begun
    if out is not None:
        _write(found, out, linked=link is not None)
    sizes = np.unique(found.cluster, return_counts=True)[1]
    return {
        **_figures(found, files, truth),
        "clusters": len(sizes),
        "largest_cluster": int(sizes.max()),
        "seconds": round(seconds, 1),
    }


def read_settings(path: Path | None) -> MatchSettings:
    """Read the settings of a trial; those of a user who says nothing without a file.

    Raises
    ------
    RecordsError
        The file is missing, no YAML, or holds what is no setting.
    """
    if path is None:
        return MatchSettings()
    try:
        return MatchSettings.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")) or {})
    except OSError as error:
        raise RecordsError(f"{path}: {error.strerror}") from None
    except ValidationError as error:
        wrong = "; ".join(": ".join((*map(str, e["loc"]), e["msg"])) for e in error.errors())
        raise RecordsError(f"{path}: {wrong}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise RecordsError(f"{path}: is no YAML: {error}") from None


def _figures(
    found: Resolved, files: list[pd.DataFrame], truth: str | None
) -> dict[str, float | None]:
    if truth is None:
        return dict.fromkeys(("precision", "recall", "f1", "bcubed_f1"))
    told: list[Any] = [texts(frame[truth]) for frame in files]
    true = [told[side][row] for side, row in zip(found.sides, found.rows, strict=True)]
    try:
        measured = accuracy(
            found.cluster.tolist(), true, found.sides.tolist() if len(files) == 2 else None
        )
    except ValueError as error:
        raise RecordsError(f"--truth {truth}: {error}") from None
    return {
        name: round(getattr(measured, name), 5)
        for name in ("precision", "recall", "f1", "bcubed_f1")
    }


def _write(found: Resolved, out: Path, *, linked: bool) -> None:
    """Write the cluster of each record, in the order of the files."""
    order = np.lexsort((found.rows, found.sides))
    columns: dict[str, Any] = {"id": [found.keys[place] for place in order]}
    if linked:
        columns["file"] = found.sides[order] + 1
    columns["cluster"] = found.cluster[order]
    table = pd.DataFrame(columns)
    try:
        if out.suffix.lower() in (".parquet", ".pq"):
            table.to_parquet(out, index=False)
        else:
            table.to_csv(out, index=False)
    except OSError as error:
        raise RecordsError(f"--out {out}: cannot be written: {error}") from None
