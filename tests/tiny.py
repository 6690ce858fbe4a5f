"""A tiny shop with a night behind it, which several tests look at by the command."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from tests.planted import plant

ROOT = Path(__file__).resolve().parents[1]
DAYS = 15
LAST = date(2026, 6, 1) + timedelta(days=DAYS - 1)


@dataclass(frozen=True)
class TinyShop:
    """A home of its own, and what its first night said."""

    home: Path
    said: str = ""

    @property
    def temporary(self) -> Path:
        """Folder of its temporary files."""
        return self.home.parent / "temporary"

    @property
    def as_made(self) -> Path:
        """The home as it was after its night: tests of commands change the other one."""
        return self.home.parent / "as_made"

    def copy(self, folder: Path) -> TinyShop:
        """Return a shop of its own, as this one was made."""
        shutil.copytree(self.as_made, folder / "home", symlinks=True)
        found = TinyShop(folder / "home", self.said)
        found.temporary.mkdir()
        return found

    def call(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Call a command in a process of its own, the environment's tools first on its path."""
        tools = str(Path(sys.executable).parent)
        return subprocess.run(
            command,
            env=os.environ
            | {
                "PATH": os.pathsep.join([tools, os.environ.get("PATH", "")]),
                "BESPOKE_HOME": str(self.home),
                "BESPOKE_SOURCE": "demo",
                "TMPDIR": str(self.temporary),
                "BESPOKE__SIMULATE__PEOPLE": "150",
                "BESPOKE__SIMULATE__DAYS": str(DAYS),
                "BESPOKE__AIRFLOW__RETRIES": "0",
            },
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )


def run_tiny(home: Path) -> TinyShop:
    """Make a tiny shop's files, plant a marked person into them, and run its last night."""
    shop = TinyShop(home)
    shop.temporary.mkdir()
    made = shop.call("bespoke", "simulate")
    assert made.returncode == 0, made.stdout + made.stderr
    plant(home / "landing" / "demo", LAST)
    first = shop.call("bespoke", "run")
    assert first.returncode == 0, first.stdout + first.stderr
    done = TinyShop(home, first.stdout)
    # The JVM tidies its scratch up while it ends, which may be a moment after the command.
    without = shutil.ignore_patterns("scratch")
    shutil.copytree(home, done.as_made, symlinks=True, ignore=without)
    return done
