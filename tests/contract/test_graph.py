"""What the sandbox's Graph answers and takes, held against Microsoft's metadata."""

from urllib.parse import quote

import pytest

from sandbox.graph import apps, chats
from tests.contract import published
from tests.sandbox.product import ACCEPT, ANNA, BEN, Product, card

WRITTEN: list[tuple[str, dict[str, type]]] = [
    (chats.CHAT, chats.CREATE),
    (chats.CHAT, chats.UPDATE),
    (chats.MEMBER, chats.MEMBER_CREATE),
    (apps.INSTALLATION, apps.INSTALL),
    ("microsoft.graph.teamsAppPermissionSet", apps.PERMISSION_SET),
    ("microsoft.graph.teamsAppResourceSpecificPermission", apps.PERMISSION),
]


@pytest.mark.parametrize(("name", "taken"), WRITTEN)
def test_what_may_be_written_exists_in_the_type(name: str, taken: dict[str, type]) -> None:
    for known in published.graph_names(name):
        assert {key.partition("@")[0] for key in taken} <= known


async def test_every_resource_that_is_answered_is_of_its_type(product: Product) -> None:
    product.core.settings.set("limits", False)
    chat = await product.made_chat(ANNA, BEN)
    await product.personal_chat()
    for text in ("Hello", "two\nlines 👍", "taken back"):
        said = (await product.teams("POST", f"/chats/{chat}/messages", {"text": text})).body["id"]
    await product.teams("DELETE", f"/chats/{chat}/messages/{said}")
    await product.sent_card(chat, card(ACCEPT))
    expand = "$expand=teamsApp,teamsAppDefinition"
    answers = [
        ("microsoft.graph.chat", [(await product.graph("POST", "/chats", product.new_chat(ANNA))).body]),
        ("microsoft.graph.chat", [(await product.graph("GET", f"/chats/{quote(chat)}?$expand=members")).body]),
        ("microsoft.graph.chat", (await product.graph("GET", f"/users/{ANNA}/chats")).body["value"]),
        (chats.MEMBER, (await product.graph("GET", f"/chats/{chat}/members")).body["value"]),
        ("microsoft.graph.chatMessage", (await product.graph("GET", f"/chats/{chat}/messages")).body["value"]),
        (apps.INSTALLATION, (await product.graph("GET", f"/chats/{chat}/installedApps?{expand}")).body["value"]),
        (
            apps.USER_INSTALLATION,
            (await product.graph("GET", f"/users/{ANNA}/teamwork/installedApps?{expand}")).body["value"],
        ),
        (
            "microsoft.graph.teamsApp",
            (await product.graph("GET", "/appCatalogs/teamsApps?$expand=appDefinitions")).body["value"],
        ),
        (
            "microsoft.graph.presence",
            (await product.graph("POST", "/communications/getPresencesByUserId", {"ids": [ANNA]})).body["value"],
        ),
    ]
    for name, values in answers:
        assert values, name
        for value in values:
            assert published.graph_faults(value, name) == []


async def test_what_hangs_on_a_resource_is_of_its_type_too(product: Product) -> None:
    chat = await product.made_chat(ANNA)
    product.core.settings.set("limits", False)
    expand = "$expand=teamsApp,teamsAppDefinition"
    installation = (await product.graph("GET", f"/chats/{chat}/installedApps?{expand}")).body["value"][0]
    assert published.graph_faults(installation["teamsApp"], "microsoft.graph.teamsApp") == []
    definition = installation["teamsAppDefinition"]
    assert published.graph_faults(definition, "microsoft.graph.teamsAppDefinition") == []
    catalogue = (await product.graph("GET", "/appCatalogs/teamsApps?$expand=appDefinitions")).body["value"][0]
    assert catalogue["appDefinitions"] == [definition]
