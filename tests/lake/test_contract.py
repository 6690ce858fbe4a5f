import pytest

from jobs.lake.contract import Column, ContractError, Privacy, Refresh, Table
from jobs.lake.job import increment, job
from jobs.lake.tables import TABLES
from jobs.lake.tables.gold import RFM
from jobs.lake.tables.ops import RUNS


def table(**changes: object) -> Table:
    values: dict[str, object] = {
        "layer": "gold",
        "name": "t",
        "columns": (Column("a", "string", "A."), Column("b", "int", "B.")),
        "key": ("a",),
        "refresh": Refresh.REPLACE_ALL,
        "owner": "tests",
        "description": "A table.",
        "otherwise": Privacy.PUBLIC,
    }
    return Table(**{**values, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"layer": "lead"}, "no layer 'lead'"),
        ({"key": ("c",)}, "names column 'c'"),
        ({"refresh": Refresh.REPLACE_DATE}, "needs a date column"),
        ({"columns": (Column("a", "int", "A."),) * 2}, "declared twice"),
        ({"otherwise": None}, "no privacy class is declared for a, b"),
        ({"otherwise": Privacy.PSEUDONYMOUS}, "a, b are about people, and no column names them"),
    ],
)
def test_a_contradiction_is_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ContractError, match=message):
        table(**changes)


def test_a_frame_must_fit_exactly(spark) -> None:  # type: ignore[no-untyped-def]
    frame = spark.sql("SELECT 1 AS b, 'x' AS a")
    assert table().conform(frame).columns == ["a", "b"]
    with pytest.raises(ContractError, match=r"Missing: b\. Unknown: c"):
        table().conform(spark.sql("SELECT 'x' AS a, 1 AS c"))
    with pytest.raises(ContractError, match="b is bigint, not int"):
        table().conform(spark.sql("SELECT 'x' AS a, 1L AS b"))


def test_every_table_is_described() -> None:
    for found in TABLES.values():
        assert found.description.endswith("."), found.id
        assert found.key, found.id
        for column in found.columns:
            assert column.description.endswith(".") or column.description.endswith(")."), column


def test_no_table_but_the_vault_holds_pii() -> None:
    for found in TABLES.values():
        if found.layer != "vault":
            assert not found.of_privacy(Privacy.PII), found.id


def test_a_job_declares_what_it_takes() -> None:
    with pytest.raises(ContractError, match="reads 1 tables, takes 2"):
        job(reads=[RFM], writes=RFM)(lambda a, b, *, as_of: a)
    with pytest.raises(ContractError, match="takes as_of"):
        job(reads=[RFM], writes=RFM)(lambda a: a)
    with pytest.raises(ContractError, match="unit of work"):
        job(reads=[RFM], writes=RUNS)(lambda a, *, as_of: a)
    with pytest.raises(ContractError, match="no loaded_on"):
        increment(RFM)
