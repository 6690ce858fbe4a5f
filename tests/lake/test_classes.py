"""The class-data archive: made once, used when it is whole, passed over where it cannot be."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from jobs.lake import classes

JARS = [Path("/jars/a.jar")]
WHOLE = b"\xa8\xab\x0b\xf0 classes"


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that a first session is told to make."""
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "an environment"))
    options = classes.java_options(JARS)
    _, _, rest = options.partition('"-XX:ArchiveClassesAtExit=')
    return Path(rest.partition('"')[0])


def test_the_first_session_makes_it_and_later_ones_use_it(made: Path) -> None:
    made.write_bytes(WHOLE)
    archive = made.with_suffix("")
    assert f'"-XX:SharedArchiveFile={archive}"' in classes.java_options(JARS)
    assert archive.read_bytes() == WHOLE
    assert not made.exists()


def test_one_that_is_still_being_written_waits(made: Path) -> None:
    made.write_bytes(classes.UNFINISHED + b"half of the classes")
    assert "ArchiveClassesAtExit" in classes.java_options(JARS)
    assert made.exists()


def test_one_that_was_broken_off_goes_once_there_is_a_whole_one(made: Path) -> None:
    made.write_bytes(classes.UNFINISHED)
    whole = made.with_suffix(".99999999")
    whole.write_bytes(WHOLE)
    classes.java_options(JARS)
    classes.java_options(JARS)
    assert [path.name for path in made.parent.iterdir()] == [made.with_suffix("").name]


def test_other_jars_have_an_archive_of_their_own(made: Path) -> None:
    made.write_bytes(WHOLE)
    assert "ArchiveClassesAtExit" in classes.java_options([Path("/jars/b.jar")])


def test_without_java_there_is_none(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(made.parent))
    assert classes.java_options(JARS) == ""
