"""Public keys of widgets: random and permanent, because websites contain them."""

import hashlib
import secrets
from typing import Final

from directory.state import SCRIPTS
from store.connection import Store
from store.keys import ALL, root

ALPHABET: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
KEY_LENGTH: Final = 15


def widget_name(key: str) -> str:
    """The Redis key that leads from a public key to its widget."""
    return f"{ALL}widget:{key}"


async def widget_key(store: Store, tenant: str, kind: str, name: str) -> str:
    """The public key of a service's or a user's widget (`kind`: `service` or `user`); created on first use.

    A widget of 0.1.0 keeps the key that is on websites: it could be computed from tenant and name.
    """
    part = f"{kind}:{name}"
    known = await store.hget(f"{root(tenant)}widgets:{tenant}", part)
    if known:
        return known
    old = derived_key(tenant, kind, name)
    offered = old if await store.exists(widget_name(old)) else new_key()
    return str(await store.run(SCRIPTS["directory_widget"], root(tenant), tenant=tenant, part=part, key=offered))


def new_key() -> str:
    """A key that nobody can compute: 77 bits."""
    return "w" + "".join(secrets.choice(ALPHABET) for _ in range(KEY_LENGTH))


def derived_key(tenant: str, kind: str, name: str) -> str:
    """The key of a widget created by 0.1.0."""
    number = int.from_bytes(hashlib.sha256(f"usher widget {tenant} {kind} {name}".encode()).digest())
    digits: list[str] = []
    for _ in range(KEY_LENGTH):
        number, digit = divmod(number, len(ALPHABET))
        digits.append(ALPHABET[digit])
    return "w" + "".join(digits)
