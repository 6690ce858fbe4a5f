"""``bespoke publish``."""

from __future__ import annotations

import logging
from datetime import date, datetime
from typing import Annotated

import typer

log = logging.getLogger("bespoke")
app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.callback()
def publish() -> None:
    """Go back to what was published before."""


@app.command()
def rollback(
    to: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="A night; by default the one before."),
    ] = None,
) -> None:
    """Show people an earlier night's lists again, its export without who has withdrawn since."""
    from jobs.lake.folders import lake_root
    from jobs.lake.lock import writer
    from jobs.lake.store import Lake
    from jobs.publish.pointer import earlier

    lake = lake_root()
    with writer(lake, "bespoke publish rollback"):
        night = earlier(Lake(lake), to.date() if to else None)
        _go_back(night)
    typer.echo(f"From now on people are shown the night of {night}.")


def _go_back(night: date) -> None:
    """Write the night's export and move the pointer; what they say goes to a log."""
    from jobs.cli.logs import to_file
    from jobs.cli.progress import Progress
    from jobs.lake.errors import BespokeError
    from jobs.lake.run import open_run
    from jobs.lake.settings import claim_home, home, settings
    from jobs.publish.publish import roll_back
    from jobs.stages import night_settings

    claim_home(settings().source)
    path = home() / "logs" / "publish-rollback.log"
    path.unlink(missing_ok=True)
    with to_file(path) as console, Progress(console, lambda _: "").stage("export"):
        try:
            roll_back(open_run(night_settings(), night, "manual"))
        except BespokeError:
            raise
        except Exception as error:
            log.exception("the rollback broke off")
            raise BespokeError(
                f"the rollback broke off: {type(error).__name__}: {error}\n"
                f"The whole story is in {path}"
            ) from None
