"""The sandbox as its own tests start it."""

from tests.sandbox.conftest import bot, keys, product, state, world

__all__ = ["bot", "keys", "product", "state", "world"]
