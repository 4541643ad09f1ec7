"""Companies for tests: a small file with a separate tenant, and people who exist in a simulated Entra."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from directory.load import Company, parse

PATH = Path("company.toml")


@dataclass(frozen=True, slots=True)
class Person:
    user: str
    upn: str
    name: str


def oid(name: str) -> str:
    """The object id of somebody of this name."""
    digits = hashlib.sha256(name.encode()).hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:32]}"


async def entra(_tenant: str, upn_or_id: str) -> Person | None:
    """Knows everybody at example.com, by UPN, and anna by her object id too."""
    name, _, domain = upn_or_id.partition("@")
    if domain == "example.com":
        return Person(oid(name).upper(), f"{name}@example.com", name.capitalize())
    return Person(oid("anna"), "anna@example.com", "Anna") if upn_or_id == oid("anna") else None


async def nobody(_tenant: str, upn_or_id: str) -> Person | None:
    """For files that name everybody in full."""
    raise AssertionError(f"{upn_or_id} was asked for")


def head(tenant: str, **licences: int) -> str:
    """The tenant of a file, with licences enough for small tests."""
    numbers = {"contact_center": 5, "interact_service": 5, "instant_messaging": 5, "interact_user": 5} | licences
    rows = "\n".join(f"{name} = {number}" for name, number in numbers.items())
    return f'[tenant]\nid = "{tenant}"\nname = "Example"\nlanguage = "de"\n[tenant.licences]\n{rows}\n'


GARDEN = """
[[services]]
id = "garden"
name = "Garden Advice"
contact_center = true
interact = true
offer_seconds = 30
tags = ["urgent"]
[[services.codes]]
category = "Topic"
codes = ["Plants", "Tools"]
[services.widget]
origins = ["https://www.example.com"]
greeting = "Hello."
"""
ORDERS = """
[[services]]
id = "orders"
name = "Orders"
contact_center = true
interact = true
[services.widget]
"""
ANNA = """
[[users]]
user = "anna@example.com"
instant_messaging = true
services = ["garden"]
"""
BEN = """
[[users]]
user = "ben@example.com"
instant_messaging = true
interact_user = true
[users.widget]
greeting = "Ben here."
"""


def company(*parts: str) -> Company:
    return parse("\n".join(parts), PATH)
