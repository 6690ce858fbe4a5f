"""How a process ends: with its status, whatever the threads of its libraries do meanwhile."""

from __future__ import annotations

import atexit
import logging
import os
import sys
from collections.abc import Callable
from contextlib import suppress


def run(main: Callable[[], object]) -> None:
    """Run the main function of a process, which then ends without taking native threads down.

    Arrow's threads may still run when C++ destroys what they hold, and the process then aborts
    after its work was done ("terminate called without an active exception", apache/arrow#34314):
    a night would be called failed. Functions registered with ``atexit`` from here on run as ever.

    Parameters
    ----------
    main : Callable
        Called once; it may raise SystemExit, or any error, as at the top of a script.
    """
    status = 1

    def end() -> None:
        logging.shutdown()
        for stream in (sys.stdout, sys.stderr):
            # The reader may be gone, as with `bespoke sql … | head`.
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(status)

    atexit.register(end)
    try:
        main()
        status = 0
    except SystemExit as left:
        status = left.code if isinstance(left.code, int) else int(left.code is not None)
        raise
