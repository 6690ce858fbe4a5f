"""Steps of a migration: what can be done to a stored table, each in one Delta commit.

A step knows the table as it is stored and no contract: contracts go on changing, and a lake of any
release must get through all steps in order. A commit carries the step's mark, by which a step that
was killed before it was recorded is found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from jobs.lake import rewrite
from jobs.lake.contract import ContractError
from jobs.lake.damage import opened
from jobs.lake.errors import DataError
from jobs.lake.folders import Folder
from jobs.lake.rewrite import Projected, duckdb_type, place
from jobs.lake.schemas import arrow_type

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Done:
    """What a step did.

    Attributes
    ----------
    before, after : int or None
        Delta versions; None where no commit was made, as when nothing was to be done.
    """

    before: int | None = None
    after: int | None = None


class Step(Protocol):
    """What can be done to a table."""

    @property
    def table(self) -> str:
        """The table, as ``layer.name``."""

    def run(self, root: Folder, mark: str) -> Done:
        """Do it to a lake; a second time nothing happens.

        Raises
        ------
        DataError
            It would lose something; the table is as it was.
        """

    def inverse(self) -> Step | None:
        """Return the step that takes this one back; None where rows alone cannot."""


@dataclass(frozen=True)
class RenameColumn:
    """A column gets another name."""

    table: str
    column: str
    name: str

    def __str__(self) -> str:
        """Say what it does."""
        return f"{self.table}: column {self.column} becomes {self.name}"

    def run(self, root: Folder, mark: str) -> Done:
        """Write the table with the new name."""
        schema = rewrite.stored(root, self.table)
        if schema is None or (self.column not in schema.names and self.name in schema.names):
            return Done()
        if self.name in schema.names:
            raise DataError(f"{self}: it has both columns; drop one of them first")
        _wanted(self, schema, self.column)
        fields = [Projected.of(f, f.name) for f in schema]
        number = schema.names.index(self.column)
        fields[number] = Projected.of(schema.field(number).with_name(self.name), self.column)
        return _rewritten(root, self.table, fields, mark, {self.column: self.name})

    def inverse(self) -> RenameColumn:
        """Return the renaming back."""
        return RenameColumn(self.table, self.name, self.column)


@dataclass(frozen=True)
class RetypeColumn:
    """A column gets another type; both are named as in a contract, as ``decimal(18,4)``."""

    table: str
    column: str
    former: str
    type: str

    def __post_init__(self) -> None:
        """Refuse what cannot be cast value by value."""
        if "<" in self.former + self.type:
            raise ContractError(f"{self}: only plain types are cast")

    def __str__(self) -> str:
        """Say what it does."""
        return f"{self.table}: column {self.column} of {self.former} becomes {self.type}"

    def run(self, root: Folder, mark: str) -> Done:
        """Write the table with the new type, if every value survives it."""
        schema = rewrite.stored(root, self.table)
        if schema is None:
            return Done()
        _wanted(self, schema, self.column)
        number = schema.names.index(self.column)
        field = schema.field(number)
        if field.type == arrow_type(self.type):
            return Done()
        if field.type != arrow_type(self.former):
            raise DataError(f"{self}: it is stored as {field.type}")
        rows, some = rewrite.lost(root, self.table, self.column, self.type)
        if rows:
            raise DataError(
                f"{self}: {rows:,} rows hold a value that would not survive, as {', '.join(some)}. "
                "The table is as it was: mend the values, or the migration"
            )
        fields = [Projected.of(f, f.name) for f in schema]
        cast = f'CAST("{self.column}" AS {duckdb_type(self.type)})'
        fields[number] = Projected(cast, field.with_type(arrow_type(self.type)))
        return _rewritten(root, self.table, fields, mark)

    def inverse(self) -> RetypeColumn:
        """Return the cast back, which refuses values that the former type cannot hold."""
        return RetypeColumn(self.table, self.column, self.type, self.former)


@dataclass(frozen=True)
class AddColumn:
    """A column with a value for the rows there are.

    For one that a contract says may not be null, or by which it keys or orders rows: a column that
    may be null needs no migration.
    """

    table: str
    column: str
    type: str
    value: str
    """SQL over the table's columns, as DuckDB reads it."""
    description: str
    nullable: bool = False

    def __str__(self) -> str:
        """Say what it does."""
        return f"{self.table}: column {self.column} is added, {self.value} in the rows there are"

    def run(self, root: Folder, mark: str) -> Done:
        """Write the table with the column at its end."""
        import pyarrow as pa

        schema = rewrite.stored(root, self.table)
        if schema is None or self.column in schema.names:
            return Done()
        comment = {"comment": self.description}
        added = pa.field(self.column, arrow_type(self.type), self.nullable, metadata=comment)
        fields = [Projected.of(f, f.name) for f in schema]
        value = f"CAST({self.value} AS {duckdb_type(self.type)})"
        return _rewritten(root, self.table, [*fields, Projected(value, added)], mark)

    def inverse(self) -> DropColumn:
        """Return the dropping."""
        return DropColumn(self.table, self.column)


@dataclass(frozen=True)
class Added:
    """A column that may be null, which an opening has added because its contract has it."""

    table: str
    column: str

    def __str__(self) -> str:
        """Say what it is."""
        return f"{self.table}: column {self.column} is added"

    def run(self, root: Folder, mark: str) -> Done:  # noqa: ARG002 - an opening does it
        """Leave it to the opening, which knows the contract."""
        return Done()

    def inverse(self) -> DropColumn:
        """Return the dropping."""
        return DropColumn(self.table, self.column)


@dataclass(frozen=True)
class DropColumn:
    """A column goes; former versions have it for as long as maintenance keeps them."""

    table: str
    column: str

    def __str__(self) -> str:
        """Say what it does."""
        return f"{self.table}: column {self.column} is dropped"

    def run(self, root: Folder, mark: str) -> Done:
        """Write the table without the column."""
        schema = rewrite.stored(root, self.table)
        if schema is None or self.column not in schema.names:
            return Done()
        fields = [Projected.of(f, f.name) for f in schema if f.name != self.column]
        return _rewritten(root, self.table, fields, mark, {self.column: None})

    def inverse(self) -> None:
        """Return nothing: what the column held is in former versions only."""


@dataclass(frozen=True)
class ChangeKey:
    """Other columns name a row from now on."""

    table: str
    former: tuple[str, ...]
    key: tuple[str, ...]

    def __str__(self) -> str:
        """Say what it does."""
        return f"{self.table}: its key becomes {', '.join(self.key)}"

    def run(self, root: Folder, mark: str) -> Done:
        """Look that no two rows have one key, and note the key in the table's properties."""
        schema = rewrite.stored(root, self.table)
        if schema is None:
            return Done()
        _wanted(self, schema, *self.key)
        rows, some = rewrite.repeated(root, self.table, self.key)
        if rows:
            raise DataError(
                f"{self}: {rows:,} keys are of several rows, as {'; '.join(some)}. "
                "The table is as it was: mend the rows, or the migration"
            )
        delta = opened(place(root, self.table), self.table)
        before = int(delta.version())
        rewrite.note(delta, self.table, {"bespoke.key": ",".join(self.key)}, mark)
        return Done(before, before + 1)

    def inverse(self) -> ChangeKey:
        """Return the change back, which refuses rows that the former key cannot tell apart."""
        return ChangeKey(self.table, self.key, self.former)


@dataclass(frozen=True)
class TellApart:
    """Columns join a key, so that there may be several rows where there was one.

    Nothing is done to the rows there are; taken back, those that the former key cannot tell apart
    become one. It stands after the :class:`ChangeKey`, so that it is taken back before it.
    """

    table: str
    key: tuple[str, ...]
    by: tuple[str, ...]
    sums: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Say what it does."""
        return f"{self.table}: rows of one {', '.join(self.key)} may differ in {', '.join(self.by)}"

    def run(self, root: Folder, mark: str) -> Done:  # noqa: ARG002 - rows come later
        """Leave the rows there are."""
        return Done()

    def inverse(self) -> FoldRows:
        """Return the folding."""
        return FoldRows(self.table, self.key, self.by, self.sums)


@dataclass(frozen=True)
class FoldRows:
    """Of rows that agree in a key one is left: the last by other columns, nulls before all."""

    table: str
    key: tuple[str, ...]
    by: tuple[str, ...]
    sums: tuple[str, ...] = ()
    """Columns that are added up."""

    def __str__(self) -> str:
        """Say what it does."""
        return f"{self.table}: one row is left of each {', '.join(self.key)}"

    def run(self, root: Folder, mark: str) -> Done:
        """Write the table with one row a key, if any has more."""
        schema = rewrite.stored(root, self.table)
        if schema is None:
            return Done()
        _wanted(self, schema, *self.key, *self.by, *self.sums)
        if not rewrite.repeated(root, self.table, self.key)[0]:
            return Done()
        fields = [Projected(self._value(f.name), f) for f in schema]
        return Done(*rewrite.rewritten(root, self.table, fields, mark, {}, self.key))

    def _value(self, column: str) -> str:
        if column in self.key:
            return f'"{column}"'
        if column in self.sums:
            return f'sum("{column}")'
        order = ", ".join(f'"{name}" NULLS FIRST' for name in self.by)
        return f'last("{column}" ORDER BY {order})'

    def inverse(self) -> None:
        """Return nothing: what was folded is in former versions only."""


def _rewritten(
    root: Folder,
    table: str,
    fields: Sequence[Projected],
    mark: str,
    renamed: dict[str, str | None] | None = None,
) -> Done:
    return Done(*rewrite.rewritten(root, table, fields, mark, renamed or {}))


def _wanted(step: Any, schema: pa.Schema, *columns: str) -> None:
    missing = [name for name in columns if name not in schema.names]
    if missing:
        raise DataError(
            f"{step}: it has no column {', '.join(missing)}; it has {', '.join(schema.names)}"
        )
