from pathlib import Path

from typer.testing import CliRunner

from jobs.cli.main import app

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "data-dictionary.md"


def test_the_data_dictionary_in_the_docs_is_that_of_the_contracts() -> None:
    printed = CliRunner().invoke(app, ["tables", "--markdown"])
    assert printed.exit_code == 0
    assert printed.stdout == DOCUMENT.read_text(), (
        "write it anew: bespoke tables --markdown > docs/data-dictionary.md"
    )
