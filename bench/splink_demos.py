"""What Splink's own notebooks set for the data sets of the matching benchmark.

Read from github.com/moj-analytical-services/splink at e22dacd (2026-08-06), ``docs/demos``, for
Splink 5: the blocking rules, comparisons, steps of training and thresholds are theirs. The
notebooks trim spaces around names and values; the copies read here have none.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import splink.comparison_level_library as cll
import splink.comparison_library as cl
from demonstration import Demonstration
from splink import ColumnExpression, block_on


def _similar(condition: str, label: str) -> dict[str, Any]:
    return {"sql_condition": condition, "label_for_charts": label}


def _born(**options: Any) -> Any:
    return cl.DateOfBirthComparison(
        "date_of_birth", input_is_string=True, datetime_format="%Y%m%d", **options
    )


def _exact(column: str) -> Any:
    return cl.ExactMatch(column).configure(term_frequency_adjustments=True)


def _febrl3() -> list[Any]:
    return [
        cl.NameComparison("given_name"),
        cl.NameComparison("surname"),
        _born(),
        cl.DamerauLevenshteinAtThresholds("soc_sec_id", [2]),
        _exact("street_number"),
        _exact("postcode"),
    ]


def _febrl4_detailed() -> list[Any]:
    postcode = cl.DamerauLevenshteinAtThresholds("postcode", [1, 2])
    return [
        cl.NameComparison("given_name").configure(term_frequency_adjustments=True),
        cl.NameComparison("surname").configure(term_frequency_adjustments=True),
        _born(invalid_dates_as_null=True),
        cl.DamerauLevenshteinAtThresholds("soc_sec_id", [1, 2]),
        _exact("street_number"),
        postcode.configure(term_frequency_adjustments=True),
    ]


def _febrl4_advanced() -> list[Any]:
    told = (f"({name}_l IS NULL OR {name}_r IS NULL)" for name in ("given_name", "surname"))
    swapped = (
        "jaro_winkler_similarity(given_name_l, surname_r) + "
        "jaro_winkler_similarity(surname_l, given_name_r) >= "
    )
    names = [
        {**_similar(" AND ".join(told), "null"), "is_null_level": True},
        cll.ExactMatchLevel("full_name", term_frequency_adjustments=True),
        cll.JaroWinklerLevel("full_name", 0.9),
        cll.JaroWinklerLevel("full_name", 0.7),
        cll.ColumnsReversedLevel("given_name", "surname"),
        _similar(f"{swapped} 1.8", "swapped, alike"),
        _similar(f"{swapped} 1.4", "swapped, less alike"),
        cll.ExactMatchLevel("given_name", term_frequency_adjustments=True),
        cll.ExactMatchLevel("surname", term_frequency_adjustments=True),
        _similar("given_name_l = surname_r OR surname_l = given_name_r", "one name swapped"),
        cll.JaroWinklerLevel("given_name", 0.9),
        cll.JaroWinklerLevel("surname", 0.9),
        cll.ElseLevel(),
    ]
    return [
        cl.CustomComparison(output_column_name="full_name", comparison_levels=names),
        _born(invalid_dates_as_null=True),
        _graded("soc_sec_id", 1, 2),
        _graded("street_number", 1),
        _graded("postcode", 1, 2),
    ]


def _graded(column: str, *distances: int) -> Any:
    levels = [
        cll.NullLevel(column),
        cll.ExactMatchLevel(column, term_frequency_adjustments=True),
        *(cll.DamerauLevenshteinLevel(column, distance) for distance in distances),
        cll.ElseLevel(),
    ]
    return cl.CustomComparison(output_column_name=column, comparison_levels=levels)


def _tutorial() -> list[Any]:
    return [
        cl.NameComparison("first_name"),
        cl.NameComparison("surname"),
        cl.LevenshteinAtThresholds(ColumnExpression("dob").cast_to_string(), 1),
        _exact("city"),
        cl.EmailComparison("email"),
    ]


def _accuracy_analysis() -> list[Any]:
    return [
        cl.ForenameSurnameComparison("first_name", "surname"),
        cl.DateOfBirthComparison("dob", input_is_string=False),
        _exact("city"),
        cl.EmailComparison("email"),
    ]


def _historical() -> list[Any]:
    return [
        cl.ForenameSurnameComparison(
            "first_name", "surname", forename_surname_concat_col_name="first_name_surname_concat"
        ),
        cl.DateOfBirthComparison("dob", input_is_string=True),
        cl.PostcodeComparison("postcode_fake"),
        _exact("birth_place"),
        _exact("occupation"),
    ]


_SWAPPED: Final = "l.given_name = r.surname AND l.surname = r.given_name"
_ALIKE_SURNAME: Final = "l.first_name = r.first_name AND levenshtein(r.surname, l.surname) <= 2"
_ALIKE_DATE: Final = "levenshtein(r.dob::VARCHAR, l.dob::VARCHAR) <= 1"
_DATES: Final = "* REPLACE (dob::DATE AS dob)"

_FEBRL4: Final = Demonstration(
    notebook="febrl4, the detailed model",
    unique_id="rec_id",
    blocking=(
        block_on("given_name", "surname"),
        _SWAPPED,
        block_on("date_of_birth"),
        block_on("soc_sec_id"),
        block_on("state", "address_1"),
        block_on("street_number", "address_1"),
        block_on("postcode"),
    ),
    comparisons=_febrl4_detailed,
    sure=(block_on("soc_sec_id"), block_on("given_name", "surname", "date_of_birth")),
    sure_recall=0.8,
    learn=(block_on("date_of_birth"), block_on("postcode")),
    random_pairs=1e6,
    edges_at=0.2,
    clusters_at=0.99,
)
_TUTORIAL: Final = Demonstration(
    notebook="tutorials 04 and 05",
    unique_id="unique_id",
    blocking=(block_on("first_name", "city"), block_on("surname"), block_on("dob")),
    comparisons=_tutorial,
    sure=(block_on("first_name", "dob"), _ALIKE_SURNAME, block_on("email")),
    sure_recall=0.7,
    learn=(block_on("first_name", "surname"), block_on("dob")),
    random_pairs=2e6,
    term_frequencies=True,
    edges_at=0.1,
    clusters_at=0.2,
    select=_DATES,
)

DEMONSTRATIONS: Final[Mapping[str, Demonstration]] = {
    "febrl3": Demonstration(
        notebook="febrl3",
        unique_id="rec_id",
        blocking=tuple(
            map(block_on, ("soc_sec_id", "given_name", "surname", "date_of_birth", "postcode"))
        ),
        comparisons=_febrl3,
        sure=(
            block_on("soc_sec_id"),
            block_on("given_name", "surname", "date_of_birth"),
            f"{_SWAPPED} AND l.date_of_birth = r.date_of_birth",
        ),
        sure_recall=0.9,
        learn=(block_on("date_of_birth"), block_on("postcode")),
        random_pairs=1e6,
        seed=2,
        term_frequencies=True,
        edges_at=0.2,
    ),
    "febrl4_detailed": _FEBRL4,
    # It predicts without a threshold: a pair is called a match where it clusters.
    "febrl4_advanced": replace(
        _FEBRL4,
        notebook="febrl4, the advanced model",
        comparisons=_febrl4_advanced,
        random_pairs=1e7,
        edges_at=0.99,
        select="*, given_name || '_' || surname AS full_name",
    ),
    "tutorial": _TUTORIAL,
    "tutorial_evaluation": replace(
        _TUTORIAL,
        notebook="tutorial 07, the model of tutorial 04",
        blocking=tuple(map(block_on, ("first_name", "city", "email", "dob"))),
        edges_at=0.01,
    ),
    "accuracy_analysis": Demonstration(
        notebook="accuracy_analysis_from_labels_column",
        unique_id="unique_id",
        blocking=tuple(map(block_on, ("first_name", "surname", "dob", "email"))),
        comparisons=_accuracy_analysis,
        sure=(
            f"l.first_name = r.first_name AND {_ALIKE_DATE}",
            f"l.surname = r.surname AND {_ALIKE_DATE}",
            _ALIKE_SURNAME,
            "l.email = r.email",
        ),
        sure_recall=0.7,
        learn=(block_on("dob"), block_on("email"), block_on("first_name", "surname")),
        random_pairs=1e6,
        seed=5,
        edges_at=0.5,
        select=_DATES,
    ),
    # It predicts without a threshold too.
    "historical_50k": Demonstration(
        notebook="deduplicate_50k_synthetic",
        unique_id="unique_id",
        blocking=(
            block_on("substr(first_name,1,3)", "substr(surname,1,4)"),
            block_on("surname", "dob"),
            block_on("first_name", "dob"),
            block_on("postcode_fake", "first_name"),
            block_on("postcode_fake", "surname"),
            block_on("dob", "birth_place"),
            block_on("substr(postcode_fake,1,3)", "dob"),
            block_on("substr(postcode_fake,1,3)", "first_name"),
            block_on("substr(postcode_fake,1,3)", "surname"),
            block_on("substr(first_name,1,2)", "substr(surname,1,2)", "substr(dob,1,4)"),
        ),
        comparisons=_historical,
        sure=(
            block_on("first_name", "surname", "dob"),
            block_on("substr(first_name,1,2)", "surname", "substr(postcode_fake,1,2)"),
            block_on("dob", "postcode_fake"),
        ),
        sure_recall=0.6,
        learn=(block_on("first_name", "surname"), block_on("dob")),
        random_pairs=1e7,
        edges_at=0.95,
        select="*, first_name || ' ' || surname AS first_name_surname_concat",
    ),
}
