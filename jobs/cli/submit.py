"""What spark-submit is given: runs one stage of one night, ``submit.py STAGE DATE``."""

from __future__ import annotations

import logging
import sys
from datetime import date

from jobs.cli.nights import night_of
from jobs.cli.tasks import retry_helps
from jobs.lake import leaving
from jobs.lake.errors import BespokeError
from jobs.lake.logs import text_formatter
from jobs.lake.settings import settings
from jobs.stages import run_stage

HOPELESS = 65
"""Exit code of what running again does not mend (EX_DATAERR of sysexits.h): 1 is that of any other
end, of Spark's too."""


def main(arguments: list[str]) -> int:
    """Run the stage; return 1 or ``HOPELESS`` for an error that a person must act on."""
    shown = logging.StreamHandler()
    shown.setFormatter(text_formatter())
    logging.basicConfig(level=logging.INFO, handlers=[shown])
    stage, wanted = arguments
    try:
        run_stage(stage, night_of(date.fromisoformat(wanted), settings()))
    except Exception as error:
        log = logging.getLogger("bespoke")
        known = isinstance(error, BespokeError)
        log.error("%s", error if known else f"{type(error).__name__}: {error}", exc_info=not known)
        return 1 if retry_helps(error) else HOPELESS
    return 0


if __name__ == "__main__":
    leaving.run(lambda: sys.exit(main(sys.argv[1:])))
