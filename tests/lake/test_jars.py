"""The jars: whole, of one version, and a user's own are left alone."""

from __future__ import annotations

import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jobs.lake import jars
from jobs.lake.jars import JarsMissingError

DELTA = "io.delta_{}-{}.jar".format(*jars.package().split(":")[1:])
NAMES = (DELTA, "io.delta_delta-storage-4.4.0.jar", "org.roaringbitmap_shims-0.9.25.jar")


def jar(folder: Path, name: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(folder / name, "w") as archive:
        archive.writestr("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\n")
    return folder / name


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where the jars go; Ivy brings them from nowhere."""

    def ivy(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        found = re.search(r"'spark.jars.ivy', '([^']+)'", command[-1])
        assert found is not None
        for name in (*NAMES, "org.slf4j_slf4j-api-2.0.jar"):
            jar(Path(found[1], "jars"), name)
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(jars, "folder", lambda: tmp_path / "jars")
    monkeypatch.setattr(subprocess, "run", ivy)
    return tmp_path / "jars"


def names(place: Path) -> set[str]:
    return {path.name for path in place.iterdir()}


def test_what_spark_lacks_is_fetched(place: Path) -> None:
    there = {path.name for path in jars.fetch()} - {jars.similarity().name}
    assert there == set(NAMES) == names(place)


@pytest.mark.parametrize("copies", range(3))
def test_a_kill_while_they_are_copied_leaves_none_that_passes_for_whole(
    place: Path, monkeypatch: pytest.MonkeyPatch, copies: int
) -> None:
    left, copy = iter(range(copies)), shutil.copy

    def killed(source: Path, target: Path) -> None:
        if next(left, None) is None:
            target.write_bytes(source.read_bytes()[:20])
            raise KeyboardInterrupt
        copy(source, target)

    with monkeypatch.context() as patched:
        patched.setattr(shutil, "copy", killed)
        with pytest.raises(KeyboardInterrupt):
            jars.fetch()
    with pytest.raises(JarsMissingError, match="run `bespoke setup`"):
        jars.installed()
    jars.fetch()
    assert names(place) == set(NAMES)


def test_one_that_is_cut_off_is_fetched_again(place: Path) -> None:
    jars.fetch()
    (place / NAMES[1]).write_bytes(b"PK")
    with pytest.raises(JarsMissingError, match=r"delta-storage-4\.4\.0\.jar is not whole"):
        jars.installed()
    assert all(zipfile.is_zipfile(path) for path in jars.fetch())


@pytest.mark.parametrize(
    "before",
    [
        # As an upgrade finds them, and as one of a former release left them.
        lambda place: None,
        lambda place: [jar(place, name) for name in NAMES],
    ],
)
def test_those_of_former_versions_go_and_a_users_own_stay(
    place: Path, before: Callable[[Path], object]
) -> None:
    before(place)
    for name in (
        "io.delta_delta-spark_2.13-4.0.0.jar",
        "io.delta_delta-spark_4.1_2.13-4.3.1.jar",
        "io.delta_delta-storage-4.0.0.jar",
        "org.roaringbitmap_shims-0.9.1.jar",
    ):
        jar(place, name)
    own = {"postgresql-42.7.4.jar", "software.amazon.jdbc_aws-wrapper-2.3.jar", "my-shims-1.0.jar"}
    for name in own:
        jar(place, name)
    with pytest.raises(JarsMissingError):
        jars.installed()
    jars.fetch()
    assert names(place) == {*NAMES, *own}
