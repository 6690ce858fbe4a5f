"""Every command that the docs show, run as a user would."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from jobs.lake.query import run_query
from tests.identity.matching.people import population
from tests.tiny import ROOT, TinyShop

pytestmark = pytest.mark.slow

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```console\n(.*?)^```", re.DOTALL | re.MULTILINE)
ELSEWHERE = ("make ", ".venv/bin/uv pip install", "bespoke jdbc", "beeline ")
"""Commands that a test of their own runs: whoever clones the project, the set-up, a server."""


def shown(page: Path) -> list[tuple[str, list[str]]]:
    """Return the commands of a page, each with the lines that it is shown to print."""
    found: list[tuple[str, list[str]]] = []
    for block in BLOCK.findall(page.read_text()):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            elif line.startswith("    ") and not found[-1][1]:
                found[-1] = (f"{found[-1][0]}\n{line}", [])
            else:
                found[-1][1].append(line)
    return [(c, out) for c, out in found if not c.startswith(ELSEWHERE)]


COMMANDS = [
    pytest.param(command, printed, id=f"{page.stem}: {command[:60]}")
    # A lake that went back to a former release is that one's.
    for back in (False, True)
    for page in PAGES
    for command, printed in shown(page)
    if ("--back-to" in command) is back
]


def test_the_docs_show_commands() -> None:
    assert len(COMMANDS) > 12


FILES = re.compile(r"\b(people|shop|crm|who|linked)\.(csv|parquet)\b")
"""Files of the reader's own."""


@pytest.fixture(scope="module")
def own_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what a reader would bring along."""
    folder = tmp_path_factory.mktemp("own")
    people = population(3, 60, copies=0.4).rename(columns={"who": "person"})
    people.to_csv(folder / "people.csv", index=False)
    people.iloc[::2].to_parquet(folder / "shop.parquet", index=False)
    people.iloc[1::2].to_parquet(folder / "crm.parquet", index=False)
    return folder


@pytest.mark.parametrize(("command", "printed"), COMMANDS)
def test_a_command_of_the_docs_works(
    command: str, printed: list[str], tiny: TinyShop, own_files: Path
) -> None:
    command = FILES.sub(lambda name: str(own_files / name[0]), command)
    (known,) = run_query(
        "SELECT min(customer_no) FROM silver.customers WHERE customer_no LIKE 'C%'",
        tiny.home / "lake",
    )[1]
    done = tiny.call("bash", "-c", command.replace("C12345677", known[0]))
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    if printed and command.startswith("bespoke sql") and "No rows." not in done.stdout:
        assert done.stdout.split("\n")[0].split() == printed[0].split()
