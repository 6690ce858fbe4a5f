"""The set of one's own that the docs show: its files, as they are told to be, become its tables."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tiny import ROOT

DAY = "2026-11-20"
FILES = {
    "shop/customers.csv": """number,mail,forename,surname,mobile,changed
C1,ann@example.com,Ann,Lee,07700900001,2026-11-20 10:00:00
C2,bob@example.com,Bob,Ray,,2026-11-20 11:00:00
""",
    "shop/newsletter.csv": """id,number,mail,answer,at
N1,C1,ann@example.com,yes,2026-11-20 10:00:00
N2,C2,bob@example.com,no,2026-11-20 11:00:00
""",
    "shop/articles.csv": """article,name,price
A1,Lamp,9.99
""",
    "terminals/sales.csv": """receipt,line,at,article,pieces,price,customer
R1,1,2026-11-20 12:00:00,A1,2,9.99,C1
""",
}


def call(home: Path, conf: Path, *command: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "jobs.cli.main", *command],
        env=os.environ
        | {"BESPOKE_HOME": str(home), "BESPOKE_CONF": str(conf), "BESPOKE_SOURCE": "shop"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


@pytest.mark.slow
def test_the_set_of_the_docs_is_ingested(tmp_path: Path) -> None:
    home, conf = tmp_path / "home", tmp_path / "conf"
    shutil.copytree(ROOT / "conf", conf)
    blocks = (ROOT / "docs" / "engineer.md").read_text().split("```yaml\n")[1:3]
    for name, block in zip(("shop", "terminals"), blocks, strict=True):
        (conf / "sources" / f"{name}.yaml").write_text(block.partition("```")[0])
    for name, text in FILES.items():
        folder, _, file = name.partition("/")
        place = home / "landing" / folder / DAY / file
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    assert "terminals.sales" in call(home, conf, "sources")
    call(home, conf, "setup")
    call(home, conf, "job", "ingest", "--date", DAY)
    question = (
        "SELECT source, CAST(sum(rows_read) AS INT) AS read, "
        "CAST(sum(rows_accepted) AS INT) AS accepted FROM ops.runs "
        "WHERE job = 'ingest' AND source IS NOT NULL GROUP BY ALL ORDER BY ALL"
    )
    assert json.loads(call(home, conf, "sql", "--json", question)) == [
        {"source": "shop.articles", "read": 1, "accepted": 1},
        {"source": "shop.customers", "read": 2, "accepted": 2},
        {"source": "shop.newsletter", "read": 2, "accepted": 2},
        {"source": "terminals.sales", "read": 1, "accepted": 1},
    ]
    status = "SELECT status, count(*) AS n FROM silver.consents GROUP BY ALL ORDER BY ALL"
    assert json.loads(call(home, conf, "sql", "--json", status)) == [
        {"status": "granted", "n": 1},
        {"status": "withdrawn", "n": 1},
    ]
