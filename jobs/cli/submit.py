"""What spark-submit is given: runs one stage of one night, ``submit.py STAGE DATE``."""

from __future__ import annotations

import logging
import sys
from datetime import date

from jobs.cli.nights import night_of
from jobs.lake.errors import BespokeError
from jobs.lake.logs import text_formatter
from jobs.lake.settings import settings
from jobs.stages import run_stage


def main(arguments: list[str]) -> int:
    """Run the stage; return 1 for an error that a person must act on."""
    shown = logging.StreamHandler()
    shown.setFormatter(text_formatter())
    logging.basicConfig(level=logging.INFO, handlers=[shown])
    stage, wanted = arguments
    try:
        run_stage(stage, night_of(date.fromisoformat(wanted), settings()))
    except BespokeError as error:
        logging.getLogger("bespoke").error("%s", error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
