"""Java: which one this machine has, and how to install one."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from jobs.lake.errors import BespokeError

OLDEST = 17
"""Spark 4 needs it."""

HOW = (
    "install Java 17 or later: `apt-get install openjdk-17-jre-headless` (Debian, Ubuntu), "
    "`dnf install java-17-openjdk-headless` (Fedora, RHEL), `brew install openjdk@17` (macOS), "
    "or name one in JAVA_HOME"
)


class JavaError(BespokeError):
    """There is no usable Java and none could be installed."""


def java() -> tuple[Path, int] | None:
    """Return the Java that Spark will start, and its major version; None without one."""
    named = os.environ.get("JAVA_HOME")
    found = str(Path(named, "bin", "java")) if named else shutil.which("java")
    if not found or not Path(found).exists():
        return None
    # It says so on standard error.
    done = subprocess.run([found, "-version"], capture_output=True, text=True, check=False)
    match = re.search(r'version "(?:1\.)?(\d+)', done.stderr + done.stdout)
    return (Path(found), int(match[1])) if match else None


def usable() -> bool:
    """Whether there is a Java that Spark runs on."""
    found = java()
    return found is not None and found[1] >= OLDEST


def install() -> None:
    """Install a Java with the machine's package manager.

    Raises
    ------
    JavaError
        There is no package manager known here, no right to use it, or it failed.
    """
    commands = _commands()
    if not commands:
        raise JavaError(f"no Java {OLDEST} or later, and none can be installed from here: {HOW}")
    for command in commands:
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        if done.returncode:
            said = (done.stderr or done.stdout).strip()[-500:]
            raise JavaError(f"`{' '.join(command)}` failed: {said}\nOtherwise: {HOW}")
    if not usable():
        raise JavaError(f"a Java was installed but is not found: {HOW}")


def _commands() -> list[list[str]]:
    if shutil.which("brew"):
        return [["brew", "install", "openjdk@17"]]
    become = _root()
    if become is None:
        return []
    if shutil.which("apt-get"):
        return [
            [*become, "apt-get", "update", "--quiet"],
            [*become, "apt-get", "install", "--yes", "--quiet", "openjdk-17-jre-headless"],
        ]
    if shutil.which("dnf"):
        return [[*become, "dnf", "install", "--assumeyes", "java-17-openjdk-headless"]]
    return []


def _root() -> Sequence[str] | None:
    """Return what makes a command run as root without a question; None when nothing does."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo"):
        asked = subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False)  # noqa: S607
        if asked.returncode == 0:
            return ["sudo", "-n"]
    return None
