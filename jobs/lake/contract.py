"""Table contracts: each table of the lake is declared once, and all else is derived from it.

A contract says which columns a table has, what each means and how private it is, what makes a row
unique, how the table is refreshed and how long its rows are kept. The store creates the Delta
table from it, the runner checks every frame against it, and the data dictionary prints it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import DataFrame
    from pyspark.sql.types import StructType

LAYERS = ("bronze", "vault", "silver", "identity", "gold", "serving", "measure", "ops")


class Privacy(StrEnum):
    """How private a column is."""

    PUBLIC = "public"
    """About things, not about people."""
    PSEUDONYMOUS = "pseudonymous"
    """About a person whom only the vault can name."""
    PII = "pii"
    """Names, addresses, numbers: encrypted, in the vault only."""
    PROTECTED = "protected"
    """Age, sex, household and their like: measured for fairness, never in a model or a ranking."""


class Subject(StrEnum):
    """Whom a column names: by what of a person its rows are found."""

    PERSON = "person"
    """``person_id``."""
    RECORD = "record"
    """Record of a source, ``<set>.<feed>:<key>``."""
    NODE = "node"
    """Identifier, ``<type>:<value>``."""
    NODES = "nodes"
    """Several of them, an array."""
    CUSTOMER_NO = "customer_no"
    LOGIN = "login"
    LOYALTY_NO = "loyalty_no"
    DEVICE = "device"
    COOKIE = "cookie"
    """The value of an identifier of that type."""
    EMAIL = "email"
    PHONE = "phone"
    """Its token."""
    ROW = "row"
    """Row of a file that a source sent, ``<file_id>:<line>``."""


class Refresh(StrEnum):
    """How a write changes a table."""

    APPEND = "append"
    """Rows are added, once per unit of work (a Delta transaction id guards it)."""
    MERGE = "merge"
    """Rows are inserted or, where a newer version of the same key comes, updated."""
    REPLACE_DATE = "replace_date"
    """The rows of the run's date are replaced, other dates stay."""
    REPLACE_ALL = "replace_all"
    """The whole table is replaced."""


class ContractError(ValueError):
    """A frame does not fit the contract of the table it is meant for."""


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes
    ----------
    name : str
        Name in the table.
    type : str
        Spark SQL type, as in ``decimal(18,4)``.
    description : str
        One sentence.
    privacy : Privacy or None
        Privacy class; None is that of the table's columns that say nothing.
    nullable : bool
        Whether a row may lack it.
    names : Subject or None
        Whom it names, if anybody.
    """

    name: str
    type: str
    description: str
    privacy: Privacy | None = None
    nullable: bool = True
    names: Subject | None = None


@dataclass(frozen=True)
class Table:
    """The contract of one table.

    Attributes
    ----------
    layer, name : str
        The table is ``layer.name`` and lies at ``<lake root>/<layer>/<name>``.
    columns : tuple of Column
        In the order of the table.
    key : tuple of str
        Columns that together name a row; unique in the table.
    refresh : Refresh
        How a write changes it.
    owner : str
        Who answers for it.
    description : str
        One sentence.
    otherwise : Privacy or None
        Privacy class of its columns that say none.
    nobody : str or None
        Of a table with private columns none of which names a person: why that is so.
    at : str or None
        Column of the time by which it is told whose an identifier was.
    version : str or None
        For ``MERGE``: only a row with a greater value here replaces one of the same key; None
        means that the first row of a key stays (insert only).
    date : str or None
        Column of type date that a ``REPLACE_DATE`` write replaces by, and by which rows expire.
    prune : str or None
        For ``MERGE``: a column that never changes for a key, by whose range in the incoming rows
        the target is pruned, so that a night does not read the history.
    partition_by : tuple of str
        Columns that folders are made by.
    cluster_by : tuple of str
        Columns by which rows that are read together are best laid together.
    retention_days : int or None
        Rows older than this may be removed; None keeps them for good.
    """

    layer: str
    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    refresh: Refresh
    owner: str
    description: str
    otherwise: Privacy | None = None
    nobody: str | None = None
    at: str | None = None
    version: str | None = None
    date: str | None = None
    prune: str | None = None
    partition_by: tuple[str, ...] = ()
    cluster_by: tuple[str, ...] = ()
    retention_days: int | None = None
    _by_name: dict[str, Column] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse a declaration that contradicts itself."""
        unsaid = [c.name for c in self.columns if c.privacy is None]
        if unsaid and self.otherwise is None:
            raise ContractError(
                f"{self.id}: no privacy class is declared for {', '.join(unsaid)}: give each one, "
                "or say with `otherwise` what they are"
            )
        classed = (c if c.privacy else replace(c, privacy=self.otherwise) for c in self.columns)
        object.__setattr__(self, "columns", tuple(classed))
        self._by_name.update({c.name: c for c in self.columns})
        if self.layer not in LAYERS:
            raise ContractError(f"{self.id}: no layer {self.layer!r}; the layers are {LAYERS}")
        if len(self._by_name) != len(self.columns):
            raise ContractError(f"{self.id}: a column is declared twice")
        named = (
            *self.key,
            *self.partition_by,
            *self.cluster_by,
            self.version,
            self.date,
            self.prune,
            self.at,
        )
        private = [c.name for c in self.columns if c.privacy is not Privacy.PUBLIC]
        if private and not self.subjects and self.nobody is None:
            raise ContractError(
                f"{self.id}: {', '.join(private)} are about people, and no column names them: "
                "nobody's rows could be found, handed out or erased. Say with `names` whom a "
                "column names, or with `nobody` why they are of no one person"
            )
        for name in named:
            if name is not None and name not in self._by_name:
                raise ContractError(f"{self.id}: names column {name!r}, which it does not declare")
        if self.refresh is Refresh.REPLACE_DATE and self.date is None:
            raise ContractError(f"{self.id}: replace_date needs a date column")

    @property
    def id(self) -> str:
        """``layer.name``."""
        return f"{self.layer}.{self.name}"

    @property
    def subjects(self) -> tuple[Column, ...]:
        """Columns that name persons."""
        return tuple(c for c in self.columns if c.names is not None)

    @property
    def names(self) -> tuple[str, ...]:
        """Column names, in order."""
        return tuple(c.name for c in self.columns)

    def column(self, name: str) -> Column:
        """Return the column of that name; KeyError if the table has none."""
        return self._by_name[name]

    def of_privacy(self, *classes: Privacy) -> tuple[str, ...]:
        """Names of the columns of these privacy classes."""
        return tuple(c.name for c in self.columns if c.privacy in classes)

    def ddl(self) -> str:
        """Columns as a Spark SQL schema string."""
        return ", ".join(
            f"`{c.name}` {c.type}{'' if c.nullable else ' NOT NULL'}" for c in self.columns
        )

    def schema(self) -> StructType:
        """Columns as a Spark schema."""
        from pyspark.sql.types import StructField, StructType, _parse_datatype_string

        return StructType(
            [StructField(c.name, _parse_datatype_string(c.type), c.nullable) for c in self.columns]
        )

    def conform(self, frame: DataFrame) -> DataFrame:
        """Return ``frame`` with exactly the contract's columns in its order.

        Types must already be those of the contract: a silent cast would hide a mistake.

        Raises
        ------
        ContractError
            A column is missing, unknown or of another type.
        """
        from pyspark.sql.types import _parse_datatype_string

        have = {f.name: f.dataType for f in frame.schema.fields}
        missing = [n for n in self.names if n not in have]
        unknown = [n for n in have if n not in self._by_name]
        wrong = [
            f"{c.name} is {have[c.name].simpleString()}, not {c.type}"
            for c in self.columns
            if c.name in have
            and _bare(have[c.name].simpleString())
            != _bare(_parse_datatype_string(c.type).simpleString())
        ]
        if missing or unknown or wrong:
            raise ContractError(
                f"{self.id}: the frame does not fit the contract."
                + (f" Missing: {', '.join(missing)}." if missing else "")
                + (f" Unknown: {', '.join(unknown)}." if unknown else "")
                + (f" Type: {'; '.join(wrong)}." if wrong else "")
            )
        return frame.select(*self.names)


def _bare(type_name: str) -> str:
    return type_name.replace(" ", "").lower()


def by_id(tables: Iterable[Table]) -> dict[str, Table]:
    """Index tables by their id; ContractError when one is declared twice."""
    found: dict[str, Table] = {}
    for table in tables:
        if table.id in found:
            raise ContractError(f"{table.id} is declared twice")
        found[table.id] = table
    return found
