import json
import subprocess
import sys
from pathlib import Path

import pytest

from jobs.lake.errors import LockedError
from jobs.lake.lock import owner, writer


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
    assert owner(tmp_path) == (None, False)


def test_a_killed_owners_lock_is_taken_over(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path; from jobs.lake.lock import writer\n"
        "with writer(Path(sys.argv[1]), 'a killed run'): os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    found, held = owner(tmp_path)
    assert (found and found.what, held) == ("a killed run", False)
    with writer(tmp_path, "next"):
        found, held = owner(tmp_path)
        assert (found and found.what, held) == ("next", True)


def test_another_machines_lock_is_left(tmp_path: Path) -> None:
    owner = {"pid": 1, "host": "elsewhere", "what": "nightly", "since": "2026-03-02"}
    (tmp_path / "_writer.lock").write_text(json.dumps(owner))
    with pytest.raises(LockedError, match="elsewhere"), writer(tmp_path, "here"):
        pass
