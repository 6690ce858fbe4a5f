import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from jobs.lake.errors import LockedError
from jobs.lake.lock import writer


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    with writer(tmp_path, "first"):
        with writer(tmp_path, "nested in the same process"):
            pass
        code = (
            "import sys; from pathlib import Path; from jobs.lake.lock import writer\n"
            "with writer(Path(sys.argv[1]), 'second'): pass"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False
        )
        assert "being written by first" in done.stderr
    assert not (tmp_path / "_writer.lock").exists()


def test_a_dead_owners_lock_is_taken_over(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    owner = {"pid": ended.pid, "host": os.uname().nodename, "what": "a killed run", "since": ""}
    (tmp_path / "_writer.lock").write_text(json.dumps(owner))
    with writer(tmp_path, "next"):
        assert json.loads((tmp_path / "_writer.lock").read_text())["what"] == "next"


def test_the_lock_of_an_earlier_process_of_our_number_is_taken_over(tmp_path: Path) -> None:
    owner = {"pid": os.getpid(), "host": os.uname().nodename, "what": "before", "since": ""}
    (tmp_path / "_writer.lock").write_text(json.dumps(owner))
    with writer(tmp_path, "next"):
        assert json.loads((tmp_path / "_writer.lock").read_text())["what"] == "next"


def test_another_machines_lock_is_left(tmp_path: Path) -> None:
    owner = {"pid": 1, "host": "elsewhere", "what": "nightly", "since": "2026-03-02"}
    (tmp_path / "_writer.lock").write_text(json.dumps(owner))
    with pytest.raises(LockedError, match="elsewhere"), writer(tmp_path, "here"):
        pass
