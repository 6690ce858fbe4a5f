"""Search of files: a value is found in whatever it was put, and nowhere else."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import pickle
import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.privacy.search import Search, SearchError

VALUE = "Zoë.Quill@example.com"
OTHER = "+44 20 7946 0999"


def parquet(path: Path, value: str) -> None:
    kind = pa.map_(pa.string(), pa.list_(pa.string()))
    table = pa.table(
        {
            "n": pa.array(range(1000)),
            "raw": pa.array([[("mail", [value if n == 700 else "-"])] for n in range(1000)], kind),
        }
    )
    pq.write_table(table, path, compression="zstd", row_group_size=100, write_statistics=False)


def categories(path: Path, value: str) -> None:
    table = pa.table({"who": pa.array([value, "x", value]).dictionary_encode()})
    pq.write_table(table, path, compression="snappy", write_statistics=False)


def sqlite(path: Path, value: str) -> None:
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE xcom (value BLOB)")
        database.execute("INSERT INTO xcom VALUES (?)", [gzip.compress(value.encode())])
    database.close()


def archive(path: Path, value: str) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("inner/log.gz", gzip.compress(f"… {value} …".encode()))


def arrays(path: Path, value: str) -> None:
    np.savez_compressed(path, who=np.array(["x", value]))


WRITERS: dict[str, Callable[[Path, str], object]] = {
    "a.log": lambda path, value: path.write_text(f"user {value} logged in\n"),
    "b.json": lambda path, value: path.write_text(json.dumps({"who": value})),
    "c.csv.gz": lambda path, value: path.write_bytes(gzip.compress(f"1,{value}\n".encode())),
    "d.parquet": parquet,
    "e.parquet": categories,
    "f.db": sqlite,
    "g.zip": archive,
    "h.npz": arrays,
    "i.pkl": lambda path, value: path.write_bytes(pickle.dumps({"who": value})),
    "j.txt": lambda path, value: path.write_text(value[::-1]),
    "k.txt": lambda path, value: path.write_text(hashlib.sha256(value.encode()).hexdigest()),
    "l.bin": lambda path, value: path.write_bytes(hashlib.md5(value.lower().encode()).digest()),
    "m.txt": lambda path, value: path.write_text(value.upper()),
    "n.txt": lambda path, value: path.write_text(f"q=%5B{value.replace('@', '%40')}"),
    "o.txt": lambda path, value: path.write_text(value.encode("utf-16-le").hex()),
}


@pytest.mark.parametrize("name", [name for name in WRITERS if name != "o.txt"])
def test_a_value_is_found_in(name: str, tmp_path: Path) -> None:
    value = "ann.quill@example.com" if name == "n.txt" else VALUE
    WRITERS[name](tmp_path / name, value)
    for elsewhere, write in WRITERS.items():
        if elsewhere != "o.txt":
            write(tmp_path / f"clean-{elsewhere}", "somebody else altogether")
    found = {Path(hit.path).name for hit in Search([value]).below([tmp_path])}
    assert found == {name}


def test_it_is_said_where_and_in_which_form(tmp_path: Path) -> None:
    parquet(tmp_path / "d.parquet", VALUE)
    sqlite(tmp_path / "f.db", OTHER)
    hits = list(Search([VALUE, OTHER]).below([tmp_path]))
    found = {(Path(hit.path).name, hit.within, hit.value, hit.form) for hit in hits}
    assert ("d.parquet", "column raw", 0, "plain") in found
    assert ("f.db", "table xcom gzip ", 1, "plain") in found
    assert {(path, value) for path, _, value, _ in found} == {("d.parquet", 0), ("f.db", 1)}


def test_what_a_footer_or_a_deleted_row_still_holds_is_found(tmp_path: Path) -> None:
    """Statistics name the least and greatest values; SQLite leaves deleted rows in its pages."""
    pq.write_table(pa.table({"who": [VALUE]}), tmp_path / "stats.parquet")
    with sqlite3.connect(tmp_path / "old.db") as database:
        database.execute("PRAGMA secure_delete = OFF")
        database.execute("CREATE TABLE people (who TEXT)")
        database.executemany("INSERT INTO people VALUES (?)", [(VALUE,), ("x",)])
        database.commit()
        database.execute("DELETE FROM people WHERE who = ?", [VALUE])
    database.close()
    within = {(Path(h.path).name, h.within) for h in Search([VALUE]).below([tmp_path])}
    assert ("stats.parquet", "") in within
    assert within & {("old.db", ""), ("old.db-wal", "")}


@given(before=st.binary(max_size=5), after=st.binary(max_size=5))
def test_base64_hides_nothing_wherever_in_it_the_value_stands(before: bytes, after: bytes) -> None:
    text = base64.b64encode(before + VALUE.encode() + after)
    assert ("base64") in {form for _, form in Search([VALUE])._in_bytes(text)}


def test_a_value_over_the_border_of_two_chunks_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.privacy.search._CHUNK", 50)
    (tmp_path / "big.txt").write_text("x" * 40 + VALUE + "y" * 40)
    assert [hit.form for hit in Search([VALUE]).below([tmp_path])] == ["plain"]


def test_neighbours_in_a_column_make_no_value_together(tmp_path: Path) -> None:
    pq.write_table(
        pa.table({"who": ["12345", "67890"]}),
        tmp_path / "a.parquet",
        write_statistics=False,
        use_dictionary=False,
        compression="zstd",
    )
    assert list(Search(["1234567890"]).below([tmp_path])) == []
    assert "column who" in {hit.within for hit in Search(["67890"]).below([tmp_path])}


def test_broken_files_are_read_as_far_as_they_go(tmp_path: Path) -> None:
    whole = gzip.compress(
        (VALUE + "\n").encode() * 200 + bytes(np.random.default_rng(1).bytes(5000))
    )
    (tmp_path / "cut.gz").write_bytes(whole[:-20])
    (tmp_path / "no.parquet").write_bytes(b"PAR1 no such thing PAR1")
    (tmp_path / "no.db").write_bytes(b"SQLite format 3\x00 nothing")
    (tmp_path / "no.zip").write_bytes(b"PK\x03\x04 nothing")
    (tmp_path / "empty").write_bytes(b"")
    found = {Path(hit.path).name for hit in Search([VALUE]).below([tmp_path])}
    assert found == {"cut.gz"}


def test_a_short_value_is_refused() -> None:
    with pytest.raises(SearchError, match="value 2 has fewer than 5 characters"):
        Search(["abcdef", "M"])


def test_nothing_is_looked_for_in_nothing(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    assert list(Search([]).below([tmp_path, tmp_path / "none"])) == []
