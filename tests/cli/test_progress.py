"""Progress and logs: a calm terminal, whatever is printed beneath."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from jobs.cli.progress import Progress
from jobs.cli.summary import counts
from jobs.lake.store import Lake


@pytest.fixture
def out() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def progress(out: io.StringIO) -> Progress:
    return Progress(Console(file=out, width=200), lambda since: "4 rows [not markup]")


def test_a_stage_is_one_line_with_its_counts(progress: Progress, out: io.StringIO) -> None:
    progress.begin("ingest")
    progress.end()
    assert out.getvalue().startswith("✓ ingest ")
    assert out.getvalue().endswith("0.0 s  4 rows [not markup]\n")
    assert "\x1b" not in out.getvalue()


def test_a_failure_is_kept_whole_and_shown_in_one_line(
    progress: Progress, out: io.StringIO
) -> None:
    progress.begin("identity")
    progress.fail("first line\nsecond line", again=True)
    assert out.getvalue().endswith("first line (tried again)\n")
    assert "second" not in out.getvalue()
    assert progress.errors == {"identity": "first line\nsecond line"}


def test_an_error_in_a_stage_is_passed_on(progress: Progress) -> None:
    with pytest.raises(OSError, match="disk full"), progress.stage("world"):
        raise OSError("disk full")
    assert progress.errors == {"world": "disk full"}


def test_counts_are_those_of_the_jobs_since(lake: Lake) -> None:
    def since(hour: int) -> str:
        return counts(lake.root, datetime(2026, 8, 30, hour, tzinfo=UTC))

    assert since(5) == "links 4 rows, QualityError: gold.rfm: not_empty"
    assert since(1).startswith("10 read, 9 accepted, 0 quarantined, 0 duplicate, links 4 rows")
    assert since(9) == ""


def test_what_any_process_prints_goes_to_the_log(tmp_path: Path) -> None:
    code = (
        "import os, sys, logging, subprocess\n"
        "from pathlib import Path\n"
        "from jobs.cli.logs import to_file\n"
        f"with to_file(Path({str(tmp_path / 'run.log')!r})) as console:\n"
        "    print('from python'); os.write(2, b'from a descriptor\\n')\n"
        "    logging.getLogger('bespoke').info('from the project')\n"
        "    subprocess.run(['sh', '-c', 'echo from a child'])\n"
        "    console.print('calm')\n"
        "print('after')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[2])},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "calm\nafter\n"
    assert done.stderr == ""
    log = (tmp_path / "run.log").read_text()
    for said in (
        "from python",
        "from a descriptor",
        "INFO bespoke from the project",
        "from a child",
    ):
        assert log.count(said) == 1
