"""The version of Usher that is installed."""

from functools import cache
from importlib.metadata import version as installed


@cache
def version() -> str:
    """As in `pyproject.toml` when Usher was last installed: `0.1.1`."""
    return installed("usher")
