"""Inside a room: what was said so far, both ways in order and once, notes kept back, and the end."""

import asyncio
import re
from urllib.parse import quote

import pytest

from bots.relay import rich
from distribution.agents import Presence
from distribution.tasks import TaskState, Via
from sandbox.values import Json
from store.due import Subject
from tests.bots.house import SOON, House, text_of
from tests.sandbox.product import ANNA, BEN
from tests.support import wait_until

SEND = "Conversations_SendToConversation"
THUMB = '<img itemscope itemtype="http://schema.skype.com/Emoji" alt="👍">'


async def test_the_opening_card_stands_first_with_all_that_was_said_before(home: House) -> None:
    await home.register(ANNA)
    task = await home.visitor("Hello?")
    await home.visitor_says(task, "My rose has black spots.")
    await home.click(ANNA, await home.card(ANNA, "New chat"), "Accept")
    await home.in_state(task, TaskState.ACTIVE)
    chat = await home.room_of(task)
    card = await wait_until(lambda: home.room_card(chat), SOON, "the opening card")
    said = text_of(card)
    assert said.index("Hello?") < said.index("My rose has black spots.")
    assert "start with //" in said.lower()
    await home.settled()
    assert await home.said(chat) == []


async def test_the_visitors_words_arrive_in_order_and_once_whatever_teams_does(home: House) -> None:
    await home.register(ANNA)
    task, chat = await home.talking()
    await home.settled()
    match = {"operation": SEND}
    await home.product.order(match, {"status": 503, "code": "ServiceUnavailable", "message": "later"}, times=2)
    for number in range(8):
        await home.visitor_says(task, f"line {number}")

    async def text() -> str:
        return " ".join(await home.said(chat))

    await wait_until(lambda: _all_in(text, "line 7"), SOON, "the last line")
    said = await text()
    assert [said.count(f"line {number}") for number in range(8)] == [1] * 8
    assert [said.index(f"line {number}") for number in range(8)] == sorted(said.index(f"line {n}") for n in range(8))


async def _all_in(text: object, last: str) -> bool:
    return last in await text()  # type: ignore[operator]  # the function above


async def test_words_are_joined_only_while_others_are_on_their_way(home: House) -> None:
    await home.register(ANNA)
    task, chat = await home.talking()
    await home.settled()
    await home.product.order({"operation": SEND}, {"delay_ms": 400}, times=1)
    await home.visitor_says(task, "first")
    await wait_until(lambda: len(_words(home)) == 1, SOON, "the first message on its way")
    for number in range(4):
        await home.visitor_says(task, f"more {number}")

    async def both() -> list[str]:
        said = await home.said(chat)
        return said if len(said) == 2 else []

    first, rest = await wait_until(both, SOON, "two messages")
    assert "first" in first
    assert "more" not in first
    assert all(f"more {number}" in rest for number in range(4))


def _words(home: House) -> list[object]:
    return [call for call in home.calls(SEND) if "</b>" in str(call["body"].get("text", ""))]


async def test_a_strangers_markup_stays_text(home: House) -> None:
    await home.register(ANNA)
    task, chat = await home.talking()
    await home.visitor_says(
        task, "<b>bold</b> [link](https://evil.example) <at>Anna</at> & co\nhttps://a.example/?a=1&b=2."
    )

    async def one() -> str:
        said = await home.said(chat)
        return said[-1] if said else ""

    html = await wait_until(one, SOON, "the message")
    assert "&lt;b&gt;bold&lt;/b&gt; [link](" in html
    assert "&lt;at&gt;Anna&lt;/at&gt; &amp; co<br" in html
    assert 'href="https://a.example/?a=1&amp;b=2"' in html


@pytest.mark.parametrize(
    ("text", "markup"),
    [
        ("a < b", "a &lt; b"),
        ("one\ntwo\r\nthree", "one<br/>two<br/>three"),
        ("see https://a.example/x, please", 'see <a href="https://a.example/x">https://a.example/x</a>, please'),
        ('https://a.example/"onclick="x', '<a href="https://a.example/">https://a.example/</a>"onclick="x'),
        ("javascript:alert(1)", "javascript:alert(1)"),
        ("👍 :-)", "👍 :-)"),
        ("Art.\tQty\nA-1\t2", "Art.{0}Qty<br/>A-1{0}2".format("\u00a0" * 4)),
        ("    at f\n        at g  (b)", "{0}at f<br/>{0}{0}at g\u00a0 (b)".format("\u00a0" * 4)),
        ("Bahnhofstrasse 1\v8001 Zurich\u2028a\u2029b\x85c", "Bahnhofstrasse 1<br/>8001 Zurich<br/>a<br/>b<br/>c"),
        ("请看https://a.example/x。", '请看<a href="https://a.example/x">https://a.example/x</a>。'),
        ("www.a.example", '<a href="https://www.a.example">www.a.example</a>'),
        ("mia@a.example", '<a href="mailto:mia@a.example">mia@a.example</a>'),
        ("می\u200cخواهم שלום\u200f!", "می\u200cخواهم שלום\u200f!"),
    ],
)
def test_text_becomes_markup_that_shows_just_that(text: str, markup: str) -> None:
    assert rich(text) == markup


async def test_what_agents_write_is_stored_before_teams_is_answered(home: House) -> None:
    await home.register(ANNA)
    task, chat = await home.talking("Hello")
    await home.writes(chat, {"html": f"<p>Good morning {THUMB}</p><p>one moment</p>"})
    await home.writes(chat, {"html": "<p>// she wrote yesterday too</p>"})
    added = await home.product.teams("POST", f"/chats/{quote(chat)}/members", {"user": BEN})
    assert added.status == 200
    await home.writes(chat, {"text": "I know roses."}, BEN)
    await home.settled()

    async def lines() -> list[tuple[str, str, str]]:
        found = await home.transcript(task)
        return found if len(found) == 4 else []

    assert await wait_until(lines, SOON, "four entries") == [
        ("visitor", "text", "Hello"),
        ("agent", "text", "Good morning 👍\none moment"),
        ("note", "text", "// she wrote yesterday too"),
        ("agent", "text", "I know roses."),
    ]
    messages = await home.conversations.read(home.tenant, task, 0)
    assert [(m.author, m.author_id) for m in messages[1:]] == [
        ("Anna Meier", ANNA),
        ("Anna Meier", ANNA),
        ("Ben Okafor", BEN),
    ]


async def test_edits_and_deletes_reach_the_transcript(home: House) -> None:
    await home.register(ANNA)
    task, chat = await home.talking("Hello")
    path = f"/chats/{quote(chat)}/messages/"
    message = quote(await home.writes(chat, {"text": "Godo morning"}))
    for text in ("Good mornig", "Good morning"):
        assert (await home.product.teams("PATCH", path + message, {"text": text})).status == 200
    assert (await home.product.teams("DELETE", path + message)).status == 200
    assert (await home.product.teams("POST", f"{path}{message}/undelete")).status == 200

    async def lines() -> list[tuple[str, str, str]]:
        found = await home.transcript(task)
        return found if len(found) == 6 else []

    assert await wait_until(lines, SOON, "six entries") == [
        ("visitor", "text", "Hello"),
        ("agent", "text", "Godo morning"),
        ("agent", "edit", "Good mornig"),
        ("agent", "edit", "Good morning"),
        ("agent", "delete", ""),
        ("agent", "edit", "Good morning"),
    ]


@pytest.mark.parametrize("fault", [{"duplicate": True}, {"drop": "after"}, {"drop": "before"}])
async def test_an_activity_that_comes_again_is_stored_once(home: House, fault: dict[str, object]) -> None:
    await home.register(ANNA)
    task, chat = await home.talking("Hello")
    await home.product.order({"operation": "Bot.message"}, fault)
    await home.writes(chat, {"text": "Good morning"})
    await home.writes(chat, {"text": "How are you?"})

    async def lines() -> list[str]:
        found = [text for _, _, text in await home.transcript(task)]
        return found if "How are you?" in found else []

    assert await wait_until(lines, SOON, "both") == ["Hello", "Good morning", "How are you?"]


async def test_what_cannot_be_carried_is_said(home: House) -> None:
    await home.register(ANNA)
    task, chat = await home.talking("Hello")
    await home.writes(chat, {"html": '<p>look</p><p><img src="https://a.example/rose.png"></p>'})
    await home.writes(chat, {"html": '<p><img src="https://a.example/rose.png"></p>'})
    await home.writes(chat, {"text": "x" * 8_001})

    async def notices() -> list[str]:
        said = await home.said(chat)
        return said if len(said) == 3 else []

    only_text, nothing, too_long = await wait_until(notices, SOON, "three notices")
    assert "Only the text" in only_text
    assert "Nothing of your message" in nothing
    assert "8000 characters" in too_long
    assert [text for _, _, text in await home.transcript(task)] == ["Hello", "look"]


async def test_the_end_is_told_once_and_later_words_are_answered(home: House) -> None:
    await home.register(ANNA)
    task, chat = await home.talking("Hello", service="orders")
    opening = await wait_until(lambda: home.room_card(chat), SOON, "the opening card")
    await home.visitor_says(task, "and a last word")
    answer = await home.click(ANNA, opening, "Terminate")
    assert "Chat ended" in str(answer.body["card"]["body"])
    await wait_until(lambda: home.room_card(chat, "Chat ended"), SOON, "the card's end")
    await home.settled()
    said = await home.said(chat)
    assert "and a last word" in said[0]
    assert said[1:] == ["This chat has ended: Anna Meier ended it."]
    for _ in range(2):
        await home.bot.handle_relay(Subject("relay", home.tenant, (task,)))
    assert await home.said(chat) == said

    await home.product.order({"operation": "Bot.message"}, {"duplicate": True})
    await home.writes(chat, {"text": "Are you still there?"})

    async def three() -> list[str]:
        found = await home.said(chat)
        return found if len(found) > 2 else []

    after = await wait_until(three, SOON, "the answer")
    assert "not sent any more" in after[-1]
    assert len(after) == 3
    await wait_until(lambda: len(_answered(home, "Are you still there?")) == 2, SOON, "the repetition")
    assert await home.said(chat) == after
    assert "Are you still there?" not in [text for _, _, text in await home.transcript(task)]


def _answered(home: House, text: str) -> list[object]:
    """The activities with this text that the bot has answered."""
    calls = home.calls("Bot.message")
    return [call for call in calls if call["body"].get("text") == text and call["status"] == 200]


async def test_a_visitor_who_leaves_ends_the_chat_for_both(home: House) -> None:
    await home.register(ANNA)
    task, chat = await home.talking(service="orders")
    await home.distributor.visitor_left(home.tenant, task)

    async def told() -> bool:
        return "This chat has ended: the customer left." in await home.said(chat)

    await wait_until(told, SOON, "the end notice")


async def test_after_call_work_can_be_done_from_the_room_by_its_agent_only(home: House) -> None:
    await home.register(ANNA)
    task, chat = await home.talking()
    await home.product.teams("POST", f"/chats/{quote(chat)}/members", {"user": BEN})
    opening = await wait_until(lambda: home.room_card(chat, person=BEN), SOON, "the opening card")
    answer = await home.click(BEN, opening, "Terminate")
    assert "Only the agent who has this chat can do that." in str(answer.body["card"]["body"])
    assert (await home.task(task)).state is TaskState.ACTIVE

    await home.distributor.terminate(home.tenant, task, by="agent", actor=ANNA, via=Via.PORTAL)
    form = await wait_until(lambda: home.room_card(chat, "After-call work"), SOON, "the form")
    await home.click(ANNA, form, "Done", {"code0": "Tools", "note": "done"})
    closed = await home.in_state(task, TaskState.CLOSED)
    assert (closed.codes, closed.note) == (("Tools",), "done")
    assert "Tools" in text_of(await wait_until(lambda: home.room_card(chat, "Chat ended"), SOON, "the result"))


async def test_a_card_of_one_room_does_nothing_in_another(home: House) -> None:
    await home.register(ANNA)
    task, _ = await home.talking()
    elsewhere = await home.product.made_chat(ANNA)
    click = home.invoke({"usher": "terminate", "task": task, "offer": ""})
    click["conversation"] |= {"id": elsewhere, "conversationType": "groupChat"}
    answer = await home.raw(**click)
    assert answer["body"]["type"] == "application/vnd.microsoft.activity.message"
    assert (await home.task(task)).state is TaskState.ACTIVE


async def test_words_in_a_chat_that_is_nobodys_room_go_nowhere(home: House) -> None:
    await home.register(ANNA)
    task, _ = await home.talking("Hello")
    elsewhere = await home.product.made_chat(ANNA)
    await home.writes(elsewhere, {"text": "private words"})
    await wait_until(lambda: home.calls("Bot.message"), SOON, "the activity")
    await home.settled()
    assert [text for _, _, text in await home.transcript(task)] == ["Hello"]
    assert await home.said(elsewhere) == []


async def test_a_refused_message_does_not_stop_those_behind_it(home: House) -> None:
    await home.register(ANNA)
    task, chat = await home.talking()
    await home.settled()
    await home.product.order({"operation": SEND}, {"status": 400, "code": "BadSyntax", "message": "no"}, times=2)
    await home.visitor_says(task, "unlucky")

    async def replaced() -> bool:
        return any("could not be shown here" in said for said in await home.said(chat))

    await wait_until(replaced, SOON, "the notice")
    await home.visitor_says(task, "lucky")

    async def shown() -> bool:
        return any("lucky" in said for said in (await home.said(chat))[1:])

    await wait_until(shown, SOON, "the next message")


async def test_an_opening_card_that_teams_has_lost_is_sent_anew(home: House) -> None:
    await home.register(ANNA)
    task, chat = await home.talking(service="orders")
    await home.settled()
    fault = {"status": 404, "code": "ActivityNotFoundInConversation", "message": "gone"}
    await home.product.order({"operation": "Conversations_UpdateActivity", "path": _in(chat)}, fault)
    await home.distributor.terminate(home.tenant, task, by="agent", actor=ANNA, via=Via.PORTAL)
    await wait_until(lambda: home.room_card(chat, "Chat ended"), SOON, "the result")
    cards = [message for message in await home.messages(chat) if message["cards"]]
    assert len(cards) == 2


async def test_a_burst_stays_below_teams_limits(home: House) -> None:
    """The sandbox keeps Microsoft's limits: 7 in a second, 8 in two; a 429 would be recorded."""
    await home.register(ANNA)
    task, chat = await home.talking()
    await home.settled()
    for number in range(10):
        await home.visitor_says(task, f"line {number}.")

        async def shown(line: str = f"line {number}.") -> bool:
            return line in " ".join(await home.said(chat))

        await wait_until(shown, SOON, f"line {number}")
    assert not [call for call in home.calls(SEND) if call["status"] == 429]


async def test_a_room_works_for_an_agent_who_never_registered(home: House) -> None:
    """Nobody of the tenant has: the bot learns Teams' address when it is put into the room."""
    await home.distributor.surface_beat(home.tenant, ANNA, "page")
    task = await home.visitor("Hello")
    offered = await home.in_state(task, TaskState.OFFERED)
    await home.distributor.accept(home.tenant, task, offered.offer or "", ANNA, Via.PORTAL)
    await home.in_state(task, TaskState.ACTIVE)
    chat = await home.room_of(task)
    await wait_until(lambda: home.room_card(chat), SOON, "the opening card")
    await home.visitor_says(task, "are you there?")

    async def shown() -> bool:
        return "are you there?" in " ".join(await home.said(chat))

    await wait_until(shown, SOON, "the visitor's words")


async def test_two_rooms_do_not_wait_for_each_other(home: House) -> None:
    await home.register(ANNA, BEN)
    first, second = await home.visitor("one"), await home.visitor("two")
    for person in (ANNA, BEN):
        await home.click(person, await home.card(person, "New chat"), "Accept")
    await asyncio.gather(home.in_state(first, TaskState.ACTIVE), home.in_state(second, TaskState.ACTIVE))
    slow, quick = await home.room_of(first), await home.room_of(second)
    person = (await home.task(second)).agent or ""
    await home.settled()
    await home.product.order({"operation": SEND, "path": _in(slow)}, {"status": 503, "message": "x"}, times=9)
    await home.visitor_says(first, "held up")
    await home.visitor_says(second, "not held up")

    async def shown() -> bool:
        return "not held up" in " ".join(await home.said(quick, person))

    await wait_until(shown, 10, "the other room's message")
    assert "held up" not in " ".join(await home.said(slow, (await home.task(first)).agent or ""))


def _in(chat: str) -> str:
    """The calls on one chat, however its id is written in their path."""
    return f".*({re.escape(chat)}|{re.escape(quote(chat, safe=''))}).*"


async def beside(home: House) -> tuple[str, str, Json]:
    """A chat that Anna has while Ben is free; its task, its room, and its opening card."""
    await home.register(ANNA)
    await home.register(BEN)
    task, chat = await home.talking()
    card = await home.room_card(chat)
    assert card is not None
    return task, chat, card


@pytest.mark.parametrize("submit", [False, True], ids=["execute", "submit"])
async def test_an_agent_hands_his_chat_on_from_the_room_and_takes_it_back(home: House, submit: bool) -> None:
    task, chat, card = await beside(home)
    await home.click(ANNA, card, "Transfer", {"to": f"user:{BEN}"}, submit=submit)
    found = await home.in_state(task, TaskState.OFFERED)
    assert (found.holder, found.invited) == (ANNA, (BEN,))

    async def handing_on() -> Json | None:
        shown = await home.room_card(chat)
        return shown if shown is not None and "Being passed on to Ben Okafor" in text_of(shown) else None

    card = await wait_until(handing_on, SOON, "the card says to whom it goes")
    await home.click(ANNA, card, "Take back", submit=submit)
    found = await home.in_state(task, TaskState.ACTIVE)
    assert (found.holder, found.agent) == (None, ANNA)


async def test_who_is_not_free_is_not_asked_and_the_card_says_why(home: House) -> None:
    task, chat, card = await beside(home)

    async def answer(to: str, person: str = ANNA) -> str:
        return str((await home.click(person, card, "Transfer", {"to": to} if to else {})).body)

    assert "Please choose to whom." in await answer("")
    await home.distributor.set_presence(home.tenant, {BEN: Presence.BUSY})
    assert "Ben Okafor cannot be asked now: busy in Teams." in await answer(f"user:{BEN}")
    assert "Nobody could take it now." in await answer("")
    assert "That is not possible now." in await answer("service:nowhere")
    added = await home.product.teams("POST", f"/chats/{quote(chat)}/members", {"user": BEN})
    assert added.status == 200
    assert "Only the agent who has this chat can do that." in await answer("service:orders", BEN)
    assert (await home.task(task)).state is TaskState.ACTIVE
