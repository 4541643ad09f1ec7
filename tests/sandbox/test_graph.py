"""Graph: chats, installations, people and presence, as a product's first day with them goes."""

from typing import Any
from urllib.parse import quote

import pytest

from sandbox.clock import now
from tests.sandbox.product import ANNA, BEN, Product
from tests.support import wait_until


async def test_a_room_is_made_and_the_bot_is_told_when_it_comes_in(product: Product) -> None:
    made = await product.graph("POST", "/chats", product.new_chat(ANNA, topic="Garden Advice ¦ Marie"))
    assert made.status == 201
    chat = made.body["id"]
    assert chat.endswith("@thread.v2")
    product.core.settings.set("limits", False)
    installed = await product.graph("POST", f"/chats/{chat}/installedApps", product.the_app(**product.consent()))
    assert (installed.status, installed.body) == (201, "")
    await wait_until(lambda: product.bot.got("installationUpdate"), 5, "the bot hears of its installation")
    activity = product.bot.got("installationUpdate")[0]
    assert activity["conversation"] == {
        "id": chat,
        "tenantId": product.tenant,
        "conversationType": "groupChat",
        "isGroup": True,
    }
    again = await product.graph("POST", f"/chats/{chat}/installedApps", product.the_app(**product.consent()))
    assert again.status == 409


async def test_what_follows_a_creation_within_a_second_is_one_call_too_many(product: Product) -> None:
    chat = (await product.graph("POST", "/chats", product.new_chat())).body["id"]
    early = await product.graph("POST", f"/chats/{chat}/installedApps", product.the_app(**product.consent()))
    assert (early.status, early.headers["Retry-After"]) == (429, "1")


async def test_the_web_url_opens_the_chat_of_the_one_who_is_in_it(product: Product) -> None:
    made = (await product.graph("POST", "/chats", product.new_chat(ANNA))).body
    there = await product.call("GET", made["webUrl"])
    assert there.status == 302
    assert there.headers["Location"] == f"/teams/anna@fabrikam.example?chat={quote(made['id'], safe=':@')}"


async def test_with_two_people_the_web_url_asks_who_you_are(product: Product) -> None:
    made = (await product.graph("POST", "/chats", product.new_chat(ANNA, BEN))).body
    there = await product.call("GET", made["webUrl"])
    assert (there.status, "Anna Meier" in there.body, "Ben Okafor" in there.body) == (200, True, True)


async def test_members_come_and_go(product: Product) -> None:
    chat = await product.made_chat(ANNA)
    product.core.settings.set("limits", False)
    assert (await product.graph("POST", f"/chats/{chat}/members", product.member(BEN))).status == 201
    listed = (await product.graph("GET", f"/chats/{chat}/members")).body["value"]
    assert sorted(member["userId"] for member in listed) == [ANNA, BEN]
    ben = next(member["id"] for member in listed if member["userId"] == BEN)
    assert (await product.graph("DELETE", f"/chats/{chat}/members/{quote(ben, safe='')}")).status == 204
    assert [chat_["id"] for chat_ in (await product.state(BEN))["chats"]] == []
    await wait_until(lambda: len(product.bot.got("conversationUpdate")) == 3, 5, "the bot hears of all three changes")
    assert product.bot.got("conversationUpdate")[2]["membersRemoved"][0]["aadObjectId"] == BEN


@pytest.mark.parametrize(
    ("start", "reads"),
    [
        ({}, False),
        ({"visibleHistoryStartDateTime": "0001-01-01T00:00:00Z"}, True),
        ({"visibleHistoryStartDateTime": "2001-01-01T00:00:00Z"}, True),
        ({"visibleHistoryStartDateTime": "2101-01-01T00:00:00.000Z"}, False),
    ],
    ids=["left out", "all", "since before", "since later"],
)
async def test_who_is_added_reads_what_was_said_only_if_he_is_let(
    product: Product, start: dict[str, str], reads: bool
) -> None:
    chat = await product.made_chat(ANNA)
    product.core.settings.set("limits", False)
    assert (await product.teams("POST", f"/chats/{quote(chat)}/messages", {"text": "before"})).status < 300
    earlier = product.core.messages.latest(chat)[-1].at
    await wait_until(lambda: now() > earlier, 5, "the next millisecond")
    assert (await product.graph("POST", f"/chats/{chat}/members", product.member(BEN, **start))).status == 201
    shown = [one["text"] for one in (await product.seen_chat(chat, BEN))["messages"]]
    assert ("before" in shown) is reads
    again = product.member(ANNA, visibleHistoryStartDateTime="yesterday")
    assert (await product.graph("POST", f"/chats/{chat}/members", again)).code == "BadRequest"


async def test_renaming_needs_a_permission_of_the_tenant_or_of_the_chat(product: Product) -> None:
    topic = {"topic": "Garden Advice ¦ Marie (ended)"}
    plain = await product.made_chat(ANNA)
    assert (await product.graph("PATCH", f"/chats/{plain}", topic)).code == "Forbidden"
    await product.http("PUT", "/control/manifest", {"rsc": ["ChatMessage.Read.Chat", "ChatSettings.ReadWrite.Chat"]})
    consented = await product.made_chat(ANNA)
    answer = await product.graph("PATCH", f"/chats/{consented}", topic)
    assert (answer.status, answer.body["topic"]) == (200, topic["topic"])
    assert (await product.seen_chat(consented))["title"] == topic["topic"]


async def test_what_people_wrote_before_the_bot_came_can_be_read_once_it_is_there(product: Product) -> None:
    chat = await product.made_chat(ANNA, app=False)
    product.core.settings.set("limits", False)
    before = (await product.teams("POST", f"/chats/{chat}/messages", {"text": "Hello 👍"})).body["id"]
    assert (await product.graph("GET", f"/chats/{chat}/messages")).code == "Forbidden"
    await product.graph("POST", f"/chats/{chat}/installedApps", product.the_app(**product.consent()))
    after = (await product.teams("POST", f"/chats/{chat}/messages", {"text": "a < b"})).body["id"]
    newest, event, oldest = (await product.graph("GET", f"/chats/{chat}/messages")).body["value"]
    assert (newest["id"], newest["body"]) == (after, {"contentType": "text", "content": "a < b"})
    assert (event["messageType"], event["from"]) == ("unknownFutureValue", None)
    assert (oldest["id"], oldest["from"]["user"]["id"], oldest["messageType"]) == (before, ANNA, "message")
    emoji = '<emoji id="emoji" alt="👍" title=""></emoji>'
    assert oldest["body"] == {"contentType": "html", "content": f"<p>Hello {emoji}</p>"}
    await wait_until(lambda: product.bot.got("message"), 5, "the bot hears what came after it")
    assert [activity["id"] for activity in product.bot.got("message")] == [after]


async def test_messages_of_a_chat_are_for_who_may_read_them(product: Product) -> None:
    chat = await product.made_chat(ANNA, app=False)
    product.core.settings.set("limits", False)
    for role, status in (("Chat.Read.All", 200), ("Chat.ReadWrite.All", 200), ("Chat.ReadBasic.All", 403)):
        assert (await product.graph("GET", f"/chats/{chat}/messages", roles=(role,))).status == status, role
    other = await product.made_chat(ANNA)
    assert (await product.graph("GET", f"/chats/{other}/messages", roles=())).status == 200
    assert (await product.graph("GET", f"/chats/{chat}/messages", roles=())).status == 403


async def test_messages_come_in_pages_and_changed_ones_as_they_are_now(product: Product) -> None:
    chat = await product.made_chat(ANNA)
    product.core.settings.set("limits", False)
    path = f"/chats/{chat}/messages"
    first, second, third = [
        (await product.teams("POST", path, {"text": text})).body["id"] for text in ("one", "two", "three")
    ]
    await product.teams("PATCH", f"{path}/{first}", {"text": "one, put right"})
    await product.teams("DELETE", f"{path}/{second}")
    by_change = (await product.graph("GET", f"{path}?$top=3")).body["value"]
    assert [message["id"] for message in by_change] == [second, first, third]
    page = (await product.graph("GET", f"{path}?$top=2&$orderby=createdDateTime desc")).body
    rest = (await product.graph("GET", page["@odata.nextLink"].partition("/v1.0")[2])).body
    assert [message["id"] for message in page["value"]] == [third, second]
    assert rest["value"][0]["id"] == first
    assert "@odata.nextLink" not in rest
    assert (by_change[0]["deletedDateTime"] is None, by_change[0]["body"]["content"]) == (False, "")
    assert (by_change[1]["lastEditedDateTime"] is None, by_change[1]["body"]["content"]) == (False, "one, put right")


async def test_the_app_is_found_installed_and_removed_for_a_person(product: Product) -> None:
    path = f"/users/{ANNA}/teamwork/installedApps"
    catalogue = (await product.graph("GET", f"/appCatalogs/teamsApps?$filter=externalId eq '{product.client}'")).body[
        "value"
    ]
    assert [app["id"] for app in catalogue] == [product.core.world.app.catalogue_id]
    # The SDK names the derived type of the path.
    typed = product.the_app(**{"@odata.type": "#microsoft.graph.userScopeTeamsAppInstallation"})
    assert (await product.graph("POST", path, typed)).status == 201
    listed: list[dict[str, Any]] = (
        await product.graph("GET", f"{path}?$expand=teamsApp&$filter=teamsApp/id eq '{catalogue[0]['id']}'")
    ).body["value"]
    assert listed[0]["teamsApp"]["externalId"] == product.client
    assert (await product.graph("DELETE", f"{path}/{quote(listed[0]['id'], safe='')}")).status == 204
    assert (await product.graph("GET", path)).body["value"] == []
    await wait_until(lambda: len(product.bot.got("installationUpdate")) == 2, 5, "the bot hears of both")


async def test_people_are_found_by_upn_id_and_name(product: Product) -> None:
    by_upn = (await product.graph("GET", "/users/anna@fabrikam.example?$select=id,displayName")).body
    assert {name: value for name, value in by_upn.items() if not name.startswith("@")} == {
        "id": ANNA,
        "displayName": "Anna Meier",
    }
    assert (await product.graph("GET", f"/users/{ANNA}")).body["userPrincipalName"] == "anna@fabrikam.example"
    found = (await product.graph("GET", "/users?$filter=startswith(displayName,'an')")).body["value"]
    assert [user["id"] for user in found] == [ANNA]


async def test_chats_of_a_person_by_topic(product: Product) -> None:
    product.core.settings.set("limits", False)
    for topic in ("Garden Advice ¦ Marie's", "Orders ¦ Jo"):
        await product.graph("POST", "/chats", product.new_chat(ANNA, topic=topic))
    answer = await product.graph("GET", f"/users/{ANNA}/chats?$filter=topic eq 'Garden Advice ¦ Marie''s'")
    assert [chat["topic"] for chat in answer.body["value"]] == ["Garden Advice ¦ Marie's"]


async def test_presence_is_coarse_in_availability_and_fine_in_activity(product: Product) -> None:
    await product.teams("POST", "/presence", {"availability": "InACall"})
    answer = await product.graph("POST", "/communications/getPresencesByUserId", {"ids": [ANNA, BEN, "nobody"]})
    assert [(one["availability"], one["activity"]) for one in answer.body["value"]] == [
        ("Busy", "InACall"), ("Available", "Available"), ("PresenceUnknown", "PresenceUnknown"),
    ]  # fmt: skip


async def test_a_new_person_is_there_at_once(product: Product) -> None:
    made = await product.http(
        "POST", "/control/users", {"upn": "eve@fabrikam.example", "name": "Eve Park", "guest": True}
    )
    eve = made.body["id"]
    assert (await product.graph("GET", "/users/eve@fabrikam.example")).body["id"] == eve
    guest = product.member(eve, roles=["guest"])
    assert (
        await product.graph("POST", "/chats", product.new_chat(members=[product.member(ANNA), guest]))
    ).status == 201


async def test_microsofts_limits_can_be_switched_off_and_on(product: Product) -> None:
    await product.http("PUT", "/control/limits", {"enabled": False})
    chat = (await product.graph("POST", "/chats", product.new_chat())).body["id"]
    assert [(await product.graph("GET", f"/chats/{chat}")).status for _ in range(3)] == [200, 200, 200]
    await product.http("PUT", "/control/limits", {"enabled": True})
    assert [(await product.graph("GET", f"/chats/{chat}")).status for _ in range(2)] == [200, 429]
