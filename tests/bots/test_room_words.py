"""What may leave a room and what may not: notes, quotations, threads, people without an id, what is said to the bot alone."""

import asyncio
import uuid
from collections.abc import Callable, Coroutine
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bots.inbound import MAX_BYTES
from conversations.messages import Sender
from conversations.teams_text import MAX_SOURCE
from interact.frames import message_frame
from sandbox.values import Json
from tests.bots.house import SOON, House
from tests.conversations.notes import MENTION, PREVIEW, notes
from tests.sandbox.product import ANNA
from tests.support import wait_until


class Room:
    """A chat that Anna has, and activities of any form from it."""

    def __init__(self, home: House, task: str, chat: str) -> None:
        self.home = home
        self.task = task
        self.chat = chat
        self._clock = 0

    async def sends(self, *html: str, kind: str = "message", sender: Json | None = None, **more: Any) -> str:
        """The id of the message. The bot takes it."""
        self._clock += 1
        place = {"id": self.chat, "conversationType": "groupChat", "tenantId": self.home.tenant, "isGroup": True}
        activity: Json = {
            **self.home.activity(kind=kind, id=str(uuid.uuid4().int), text=""),
            "conversation": place,
            "timestamp": f"2026-11-25T12:00:00.{self._clock:03}Z",
            "attachments": [{"contentType": "text/html", "content": one} for one in html],
            **more,
        }
        if sender is not None:
            activity["from"] = sender
        answer = await self.home.raw("valid", **activity)
        assert answer["status"] == 200, answer
        return activity["id"]

    async def edits(self, message: str, *html: str, **more: Any) -> None:
        await self.sends(*html, kind="messageUpdate", id=message, channelData={"eventType": "editMessage"}, **more)

    async def told(self) -> str:
        """The bot's last words in the room."""
        said = await self.home.said(self.chat)
        return said[-1] if said else ""

    async def stored(self) -> list[tuple[str, str, str]]:
        return (await self.home.transcript(self.task))[1:]

    async def seen(self) -> str:
        """All that the visitor's page is ever sent."""
        messages = await self.home.conversations.read(self.home.tenant, self.task, 0)
        return str([message_frame(one, agent_name=None) for one in messages])


async def room(home: House) -> Room:
    await home.register(ANNA)
    return Room(home, *await home.talking("Hello"))


async def test_notes_stay_inside_whatever_stands_in_front_of_them(home: House) -> None:
    one = await room(home)
    notes = [
        *(f"<p>&#{code};// sesame</p>" for code in (8203, 8288, 65279, 8206, 173)),
        "<p>／／ sesame</p>",
        f"<p>{MENTION}&nbsp;// sesame</p>",
        "<ul><li>// sesame</li></ul>",
        f"{PREVIEW.format('Hello')}<p>// sesame</p>",
    ]
    for html in notes:
        await one.sends(html)
    await one.sends(text='<quoted messageId="1772050244572"/> // sesame')
    assert [sender for sender, _, _ in await one.stored()] == ["note"] * 10
    assert "sesame" not in await one.seen()


async def test_a_quotation_is_no_part_of_the_message(home: House) -> None:
    one = await room(home)
    await one.sends(f"{PREVIEW.format('// sesame')}<p>we will call</p>", text="// sesame we will call")
    await one.sends(
        text='<quoted messageId="1"/> certainly', entities=[{"type": "quotedReply", "preview": "// sesame"}]
    )
    assert await one.stored() == [("agent", "text", "we will call"), ("agent", "text", "certainly")]
    assert "sesame" not in await one.seen()
    await one.sends(PREVIEW.format("// sesame"), text="// sesame")
    assert "Nothing of your message" in await one.told()
    assert len(await one.stored()) == 2


async def test_what_is_said_to_the_bot_alone_is_not_sent(home: House) -> None:
    one = await room(home)
    bot = {"id": home.core.world.app.bot_id, "name": "Usher", "isTargeted": True}
    message = await one.sends("<p>sesame</p>", recipient=bot)
    assert await one.told() == "What you write to Usher alone is not sent to the customer."
    await one.edits(message, "<p>sesame, sesame</p>", recipient=bot)
    assert await one.stored() == []


async def test_a_thread_of_the_room_is_the_room(home: House) -> None:
    one = await room(home)
    thread = {"id": f"{one.chat};messageid=1772050244572", "conversationType": "groupChat", "tenantId": home.tenant}
    await one.sends("<p>in a thread</p>", conversation=thread)
    assert await one.stored() == [("agent", "text", "in a thread")]


async def test_people_without_an_id_are_carried_under_their_name_and_bots_are_not(home: House) -> None:
    one = await room(home)
    await one.sends("<p>from outside</p>", sender={"id": "29:1xyz", "name": "Guest User"})
    await one.sends("<p>from home</p>", sender={"id": "8:live:mia", "name": "Mia\tKeller ", "aadObjectId": None})
    messages = await home.conversations.read(home.tenant, one.task, 1)
    assert [(m.sender, m.author, m.author_id, m.text) for m in messages] == [
        (Sender.AGENT, "Guest User", "", "from outside"),
        (Sender.AGENT, "Mia Keller", "", "from home"),
    ]
    await one.sends("<p>nobody</p>", sender={"id": "29:1xyz", "name": "\u200b"})
    assert await one.told() == "A message was not sent to the customer: Teams does not say who wrote it."
    said = await home.said(one.chat)
    await one.sends("<p>a machine</p>", sender={"id": "28:other", "name": "Other bot"})
    await one.sends("<p>a machine</p>", sender={"id": "29:other", "name": "Other bot", "role": "bot"})
    assert len(await one.stored()) == 2
    assert await home.said(one.chat) == said


async def test_what_has_nothing_in_it_that_can_be_sent_is_said(home: House) -> None:
    one = await room(home)
    parts = ["<video src='https://example.com/a.mp4'></video>", "<audio src='https://example.com/a.mp3'></audio>", "", "<p>&nbsp;</p>"]  # fmt: skip
    for number, html in enumerate(parts):
        await one.sends(html)
        said = [text for text in await home.said(one.chat) if "Nothing of your message was sent" in text]
        assert len(said) == number + 1, html
    await one.sends("<p>" + "x" * MAX_SOURCE)
    assert "too long" in await one.told()
    await one.sends(text="x" * (MAX_BYTES - 10_000))
    assert "too long" in await one.told()
    await one.sends("<b>" * 2_500 + "look", "<blockquote itemtype='http://schema.skype.com/Reply'>sesame</blockquote>")
    assert "kept as an internal note" in await one.told()
    assert "sesame" not in await one.seen()
    assert [sender for sender, _, _ in await one.stored()] == ["note"]


async def test_an_edit_sends_no_note_and_takes_back_what_becomes_one(home: House) -> None:
    one = await room(home)
    note = await one.sends("<p>// sesame</p>")
    await one.edits(note, "<p>sesame</p>")
    assert await one.told() == (
        "An internal note stays internal when it is edited. To send it to the customer, write a new message."
    )
    said = await home.said(one.chat)
    await one.edits(note, "<p>// sesame and more</p>")
    assert await home.said(one.chat) == said
    assert "sesame" not in await one.seen()

    message = await one.sends("<p>good morning</p>")
    await one.edits(message, "<p>\u200b// sesame</p>")
    assert "internal note now" in await one.told()
    assert "sesame" not in await one.seen()
    kinds = [(sender, kind) for sender, kind, _ in await one.stored()]
    assert kinds == [("note", "text"), ("note", "edit"), ("note", "edit"), ("agent", "text"), ("note", "edit")]
    await one.edits(message, "<p>good afternoon</p>")
    assert (await one.stored())[-1] == ("agent", "edit", "good afternoon")
    await one.edits(message, '<p><img src="https://example.com/a.png"></p>')
    assert "earlier text" in await one.told()
    assert (await one.stored())[-1] == ("agent", "delete", "")


async def test_no_generated_note_ever_reaches_the_visitor(home: House) -> None:
    one = await room(home)
    loop = asyncio.get_running_loop()

    def now(work: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        return asyncio.run_coroutine_threadsafe(work(), loop).result(SOON)

    @settings(max_examples=80, deadline=None, database=None)
    @given(notes(), st.booleans())
    def check(html: str, edit: bool) -> None:
        if edit:
            message = now(lambda: one.sends("<p>hello</p>"))
            now(lambda: one.edits(message, html))
        else:
            now(lambda: one.sends(html))
        *_, last = now(lambda: home.conversations.read(home.tenant, one.task, 0, 1_000))
        assert "sesame" in last.text
        assert last.sender is Sender.NOTE
        assert "sesame" not in str(message_frame(last, agent_name=None))

    await asyncio.to_thread(check)


async def test_the_room_is_quiet_where_nothing_is_left_out(home: House) -> None:
    one = await room(home)
    await one.sends("<p>one</p>", "<p>two</p>")

    async def stored() -> list[tuple[str, str, str]]:
        return await one.stored()

    assert await wait_until(stored, SOON, "the message") == [("agent", "text", "one\ntwo")]
    assert await home.said(one.chat) == []


async def test_what_graph_brings_is_spoken_of_as_what_the_bot_brings_and_once(home: House) -> None:
    one = await room(home)
    await home.conversations.notice(home.tenant, one.task, "1796070000001", "room.nothing_carried")
    await wait_until(one.told, SOON, "what is said about it")
    assert await one.told() == "Pictures and files are not sent to the customer. Nothing of your message was sent."
    brought = await one.sends('<video src="https://graph.example/x"></video>')
    await home.conversations.notice(home.tenant, one.task, brought, "room.nothing_carried")
    await home.settled()
    assert len(await home.said(one.chat)) == 2
