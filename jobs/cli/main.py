"""``bespoke``: the command. A module a group of commands, imported when it is called."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from jobs.lake import leaving

# What `bespoke --help` lists, so that it need not import what the commands do.
COMMANDS = {
    "setup": "Get this machine ready: Java, the Delta jars, the keys.",
    "run": "Bring a source set up to its last night by running the DAG through Airflow.",
    "simulate": "Make the files of the demo's small retail world.",
    "airflow": "Start a local Airflow with its web page, on loopback.",
    "job": "Run one stage, or one step of a stage, for one night.",
    "sources": "List the source catalogue: every feed, its owner, its rhythm, what has come.",
    "tables": "Print the data dictionary: every table, or the columns of one.",
    "sql": "Query the tables with SQL (DuckDB), without a JVM.",
    "jdbc": "Let BI tools read the tables over JDBC or ODBC, until Ctrl-C.",
    "person": "Tell everything known about a person, and why they are shown what they are.",
    "identity": "Who is who: look at it, and decide about it.",
    "privacy": "Give people what is held about them, and prove what is not.",
    "keys": "Look at the keys that personal values are encrypted with, and exchange them.",
    "audit": "Who read, exported or decided what about people, and whether that record is whole.",
    "runs": "List what ran, with its counts.",
    "quarantine": "List refused rows, or replay them.",
    "report": "Make the page that says how the last nights went.",
    "release": "Let a table or feed pass on one night although a rule stopped it.",
    "abandon": "Give up a night that was stopped, so that later ones go on; or take that back.",
    "publish": "Go back to what was published before.",
    "migrate": "List what has changed the tables' form, and what the next run would; go back.",
    "maintain": "Compact and vacuum the tables, and remove what is older than its policy.",
    "bench": "Try parts of Bespoke on data of your own, without a lake.",
    "doctor": "Look for what is wrong with this machine and say how to mend it.",
}


class Lazy(TyperGroup):
    """A group whose commands are modules of this package, each with an ``app``."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - typer's signature
        """Names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Load a command; for the list of commands a stand-in with its help is enough."""
        if cmd_name not in COMMANDS:
            return None
        if ctx.meta.get("listing"):
            return TyperCommand(cmd_name, help=COMMANDS[cmd_name])
        return load(cmd_name)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Print the help without importing the commands."""
        ctx.meta["listing"] = True
        super().format_help(ctx, formatter)


def load(name: str) -> Any:
    """Import a command."""
    found = typer.main.get_command(importlib.import_module(f"jobs.cli.commands.{name}").app)
    found.name = name
    return found


app = typer.Typer(
    cls=Lazy,
    help="Bespoke: one profile per person, segments and recommendations, every night.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def bespoke() -> None:
    """Bespoke: one profile per person, segments and recommendations, every night."""


def main(arguments: list[str] | None = None) -> Any:
    """Run the command; an error meant for a person is one message on standard error."""
    try:
        return app(arguments)
    except Exception as error:
        told = error if for_people(error) else _outage(error)
        if told is None:
            raise
        typer.echo(f"bespoke: {told}", err=True)
        sys.exit(1)


def command() -> None:
    """Be the process of the command."""
    leaving.run(main)


def _outage(error: Exception) -> Exception | None:
    """Return what a full disk or a lack of memory has to say in the place of its error."""
    from jobs.lake.outage import outage
    from jobs.lake.settings import settings

    return outage(error, settings(), of_models=False)


def for_people(error: Exception) -> bool:
    """Whether an error's message says what to do: those that the project itself defines do."""
    return type(error).__module__.partition(".")[0] in ("jobs", "models", "expectations")


if __name__ == "__main__":
    command()
