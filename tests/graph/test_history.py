"""Whether what the bot posted has arrived, although Teams' answer was lost."""

import html
from typing import Any

import pytest

from conversations.shown_text import shown_text
from graph.client import GraphClient
from graph.facts import Posted, Seat
from graph.history import RoomHistory
from graph.pace import Pace
from store.due import RetryLater
from tests.graph.microsoft import TENANT, Microsoft
from tests.support import wait_until

pytestmark = pytest.mark.usefixtures("unlimited")


@pytest.fixture
async def chat(graph: GraphClient, anna: str) -> str:
    """A room with Anna and the bot in it."""
    sdk = graph.tenant(TENANT)
    made = (await sdk.create_chat("Garden Advice", [Seat(anna)])).id
    await sdk.install_in_chat(made, await graph.catalogue_id(TENANT) or "", ["ChatMessage.Read.Chat"])
    return made


async def post(microsoft: Microsoft, chat: str, markup: str) -> str:
    return (await microsoft.send(chat, {"type": "message", "textFormat": "xml", "text": markup}))["id"]


async def settled(history: RoomHistory, chat: str, since: int = 0) -> list[Posted] | None:
    """As the due set's worker would: come back when told to."""
    found: list[Posted] | None = None

    async def read() -> bool:
        nonlocal found
        try:
            found = await history.read(TENANT, chat, since)
        except RetryLater:
            return False
        return True

    await wait_until(read, 10, "the room's history")
    return found


async def test_what_the_bot_posted_is_found_by_id_and_words_and_what_people_wrote_is_not(
    graph: GraphClient, microsoft: Microsoft, anna: str, chat: str
) -> None:
    markup = f"<b>Mia</b><br/>{html.escape('3 < 4 & “so” 👍')}<br/>second line"
    sent = await post(microsoft, chat, markup)
    await microsoft.teams("POST", anna, f"/chats/{chat}/messages", text="Hello")
    found = await RoomHistory(graph, Pace(0)).read(TENANT, chat, 0)
    assert found is not None
    assert [(one.id, one.text) for one in found] == [(sent, "Mia 3 < 4 & “so” 👍 second line")]
    assert found[0].text == shown_text(markup)


async def test_it_keeps_the_chats_pace_and_says_when_to_come_back(
    graph: GraphClient, microsoft: Microsoft, chat: str
) -> None:
    history = RoomHistory(graph, Pace(0.3))
    assert await history.read(TENANT, chat, 0) == []
    with pytest.raises(RetryLater) as later:
        await history.read(TENANT, chat, 0)
    assert 0 < later.value.after_seconds <= 0.3
    assert len(await microsoft.calls("Chats.ListMessages")) == 1


async def test_many_messages_are_read_page_by_page_over_several_runs(
    graph: GraphClient, microsoft: Microsoft, chat: str
) -> None:
    sent = [await post(microsoft, chat, f"number {number}") for number in range(60)]
    history = RoomHistory(graph, Pace(0.1))
    with pytest.raises(RetryLater):
        await history.read(TENANT, chat, 0)
    found = await settled(history, chat)
    assert found is not None
    assert [one.id for one in found] == sent
    assert len(await microsoft.calls("Chats.ListMessages")) == 2


async def test_what_is_older_than_asked_for_is_left_out_and_not_paged_for(
    graph: GraphClient, microsoft: Microsoft, chat: str
) -> None:
    for number in range(55):
        await post(microsoft, chat, f"number {number}")
    found = await RoomHistory(graph, Pace(0)).read(TENANT, chat, 4_000_000_000_000)
    assert found == []
    assert len(await microsoft.calls("Chats.ListMessages")) == 1


@pytest.mark.parametrize("fault", [{"delay_ms": 5_000}, {"status": 403, "code": "Forbidden"}, {"status": 404}])
async def test_where_it_cannot_be_known_it_says_so_at_once(
    graph: GraphClient, microsoft: Microsoft, chat: str, fault: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("graph.history.ANSWER_SECONDS", 0.3)
    await microsoft.fault("Chats.ListMessages", times=None, **fault)
    assert await RoomHistory(graph, Pace(0)).read(TENANT, chat, 0) is None


async def test_a_busy_graph_is_asked_three_times(graph: GraphClient, microsoft: Microsoft, chat: str) -> None:
    await microsoft.fault("Chats.ListMessages", times=None, status=503, retry_after=0.05)
    history = RoomHistory(graph, Pace(0))
    assert await settled(history, chat) is None
    assert len(await microsoft.calls("Chats.ListMessages")) == 3
