"""The sandbox as its own tests start it."""

from tests.contract import files
from tests.sandbox.conftest import bot, keys, product, state, world

collect_ignore = [] if files.THERE else ["test_files.py"]

__all__ = ["bot", "keys", "product", "state", "world"]
