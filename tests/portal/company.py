"""A company for the portal: two services, three agents, a supervisor, somebody with a widget of her own, a stranger."""

from pathlib import Path

from directory.directory import Directory
from directory.load import apply, parse

ANNA = "11111111-0000-4000-8000-000000000001"
BEN = "11111111-0000-4000-8000-000000000002"
DOMINIQUE = "11111111-0000-4000-8000-000000000003"
SAMIR = "11111111-0000-4000-8000-000000000004"
STRANGER = "11111111-0000-4000-8000-000000000009"
"""Signed in, and not in the directory."""

_COMPANY = f"""
[tenant]
id = "TENANT"
name = "Fabrikam Gardens"

[tenant.licences]
contact_center = 5
interact_service = 5
instant_messaging = 25
interact_user = 5

[[services]]
id = "garden-advice"
name = "Garden Advice"
contact_center = true
interact = true
offer_seconds = 5
acw_seconds = 60
acw_extension_seconds = 60
acw_extensions = 1
persistent_rona = true
tags = ["urgent", "refund"]

[[services.codes]]
category = "Topic"
required = true
codes = ["Plants", "Tools"]

[[services.codes]]
category = "Result"
codes = ["Solved"]

[[services]]
id = "orders"
name = "Orders & Delivery"
contact_center = true
interact = true

[[users]]
user = "{ANNA}"
upn = "anna@fabrikam.example"
name = "Anna Meier"
instant_messaging = true
services = ["garden-advice"]

[[users]]
user = "{BEN}"
upn = "ben@fabrikam.example"
name = "Ben Okafor"
services = ["orders"]

[[users]]
user = "{DOMINIQUE}"
upn = "dominique@fabrikam.example"
name = "Dominique Laurent"
instant_messaging = true
interact_user = true

[[users]]
user = "{SAMIR}"
upn = "samir@fabrikam.example"
name = "Samir Haddad"
roles = ["supervisor"]
supervises = ["garden-advice"]
"""


async def furnish(directory: Directory, tenant: str) -> None:
    """Load the company into this tenant."""
    company = parse(_COMPANY.replace("TENANT", tenant), Path("company.toml"))
    await apply(directory, company, resolve_upn=_nobody)


async def _nobody(_tenant: str, upn: str) -> None:
    """Everybody in the file has an object id."""
    raise AssertionError(f"{upn} was looked up")
