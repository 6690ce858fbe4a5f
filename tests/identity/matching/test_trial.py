"""A trial on one's own files, and the command that runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from jobs.cli.main import app, main
from jobs.identity.matching.fields import RecordsError
from jobs.identity.matching.settings import MatchSettings
from jobs.identity.matching.trial import read_settings, run_trial
from tests.identity.matching.people import population

KEYS = ["precision", "recall", "f1", "bcubed_f1", "clusters", "largest_cluster", "seconds"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of persons, and the same as two: those told first and those told again."""
    made = tmp_path_factory.mktemp("files")
    records = population(6, 60, copies=0.5)
    again = records.duplicated("who")
    records.to_csv(made / "all.csv", index=False)
    records[~again].to_csv(made / "one.csv", index=False, sep=";")
    records[again].to_parquet(made / "other.parquet", index=False)
    return made


def test_a_trial_with_a_truth_is_measured(folder: Path) -> None:
    out = folder / "out.csv"
    arguments = ["bench", "identity", "--records", str(folder / "all.csv"), "--truth", "who"]
    done = CliRunner().invoke(app, [*arguments, "--json", "--out", str(out)])
    figures = json.loads(done.stdout)
    assert list(figures) == KEYS
    assert min(figures[key] for key in KEYS[:4]) > 0.95
    assert figures["largest_cluster"] in (2, 3)
    written, given = pd.read_csv(out), pd.read_csv(folder / "all.csv")
    assert list(written) == ["id", "cluster"]
    assert written["id"].tolist() == given["id"].tolist()
    assert written["cluster"].nunique() == figures["clusters"]
    # Whoever is told twice without a slip in it is a pair in what was written.
    assert written.groupby(given["who"])["cluster"].nunique().eq(1).mean() > 0.95


def test_a_trial_without_a_truth_has_no_figures_and_two_files_are_told_apart(folder: Path) -> None:
    out = folder / "out.parquet"
    found = run_trial(folder / "one.csv", link=folder / "other.parquet", out=out)
    assert list(found) == KEYS
    assert [found[key] for key in KEYS[:4]] == [None] * 4
    written = pd.read_parquet(out)
    assert list(written) == ["id", "file", "cluster"]
    one = pd.read_csv(folder / "one.csv", sep=";")["id"].tolist()
    other = pd.read_parquet(folder / "other.parquet")["id"].tolist()
    assert written["id"].tolist() == one + other
    assert written["file"].tolist() == [1] * len(one) + [2] * len(other)
    assert (found["largest_cluster"], written["cluster"].nunique()) == (2, found["clusters"])


def test_without_json_a_table_is_printed(folder: Path) -> None:
    small = folder / "small.csv"
    small.write_text("id,email\n1,ann@x.org\n2,ann@x.org\n")
    shown = CliRunner().invoke(app, ["bench", "identity", "--records", str(small)]).stdout
    assert all(key in shown for key in ("clusters", "seconds"))


def test_a_truth_that_is_told_of_nobody_is_refused(folder: Path) -> None:
    small = folder / "untold.csv"
    small.write_text("id,email,who\n1,ann@x.org,\n2,ann@x.org,\n")
    with pytest.raises(RecordsError, match="--truth who: no record has a truth"):
        run_trial(small, truth="who")


@pytest.mark.parametrize(
    ("extra", "wrong"),
    [
        (["--truth", "person"], "all.csv: has no column 'person' for --truth"),
        (["--link", "absent.csv"], "absent.csv: no such file"),
        (["--settings", "absent.yaml"], "absent.yaml: No such file or directory"),
    ],
)
def test_a_mistake_is_one_message(
    folder: Path, extra: list[str], wrong: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["bench", "identity", "--records", str(folder / "all.csv"), "--json", *extra])
    printed = capsys.readouterr()
    assert (ended.value.code, printed.out) == (1, "")
    assert printed.err.startswith("bespoke: ")
    assert wrong in printed.err


def test_what_cannot_be_written_is_a_message(folder: Path) -> None:
    small = folder / "few.csv"
    small.write_text("id,email\n1,ann@x.org\n2,ann@x.org\n")
    for name in ("out.csv", "out.parquet"):
        with pytest.raises(RecordsError, match=r"--out .*nowhere.*cannot be written"):
            run_trial(small, out=folder / "nowhere" / name)


def test_settings_are_read(tmp_path: Path) -> None:
    path = tmp_path / "settings.yaml"
    path.write_text("columns: {a: first_name}\nregion: gb\naccept: 2\n")
    expected = MatchSettings(columns={"a": "first_name"}, region="GB", accept=2.0)
    assert read_settings(path) == expected
    path.write_text("# nothing\n")
    assert read_settings(path) == read_settings(None) == MatchSettings()


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("acept: 1", "acept: Extra inputs are not permitted"),
        ("mean_share: 2", "mean_share: Input should be less than or equal to 1"),
        ("sample_records: 1", "sample_records: Input should be greater than or equal to 100"),
        ("region: Germany", "region: Value error, 'Germany' is no country of ISO 3166"),
        ("columns: {a: [b]}", "columns: a: Input should be a valid string"),
        ("- a", "settings.yaml: Input should be a valid dictionary"),
        ("a: [", "is no YAML"),
        ("\udcff", "is no YAML"),
    ],
)
def test_settings_that_are_none_are_refused(tmp_path: Path, text: str, wrong: str) -> None:
    path = tmp_path / "settings.yaml"
    path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(RecordsError) as refused:
        read_settings(path)
    assert str(refused.value).startswith(f"{path}: ")
    assert wrong in str(refused.value)
