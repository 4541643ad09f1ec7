"""Time in the notation of the wire formats."""

import datetime as dt
import time


def now() -> int:
    """Milliseconds since the epoch."""
    return int(time.time() * 1000)


def iso(at: int) -> str:
    """`2026-11-23T10:15:30.123Z`, as Graph and the Connector write instants."""
    moment = dt.datetime.fromtimestamp(at / 1000, dt.UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at % 1000:03d}Z"
