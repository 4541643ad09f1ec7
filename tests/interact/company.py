"""A company for the visitor's door: two services, one user with a widget of her own, and Anna, who answers."""

from pathlib import Path

from directory.directory import Directory
from directory.load import apply, parse

ANNA = "11111111-aaaa-4aaa-8aaa-aaaaaaaaaaaa"
DOMINIQUE = "22222222-dddd-4ddd-8ddd-dddddddddddd"

COMPANY = """
[tenant]
id = "{tenant}"
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
acw_seconds = 60

[services.widget]
origins = ["https://www.fabrikam.example"]
greeting = "Welcome."
agent_name = "real"
privacy_text = "We keep this chat for 30 days."

[[services]]
id = "orders"
name = "Orders & Delivery"
contact_center = true
interact = {orders_open}

[services.widget]
origins = ["*"]
ask_name = "required"
agent_name = "hidden"

[[users]]
user = "{anna}"
upn = "anna@fabrikam.example"
name = "Anna Meier"
instant_messaging = true
services = ["garden-advice", "orders"]

[[users]]
user = "{dominique}"
upn = "dominique@fabrikam.example"
name = "Dominique Laurent"
instant_messaging = true
interact_user = true

[users.widget]
origins = ["*"]
greeting = "You are writing to Dominique directly."
"""


async def furnish(directory: Directory, tenant: str, *, orders_open: bool = True) -> dict[str, str]:
    """Load the company into this tenant; returns the widgets' keys by "garden-advice", "orders", "dominique"."""
    text = COMPANY.format(tenant=tenant, anna=ANNA, dominique=DOMINIQUE, orders_open=str(orders_open).lower())
    report = await apply(directory, parse(text, Path("company.toml")), resolve_upn=_nobody)
    return {"dominique" if widget.kind == "user" else widget.id: widget.key for widget in report.widgets}


async def _nobody(_tenant: str, upn: str) -> None:
    """Everybody in the file has an object id."""
    raise AssertionError(f"{upn} was looked up")
