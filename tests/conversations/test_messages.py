"""Messages are stored once, in one order, and never after the end."""

import asyncio
import uuid

import pytest

from conversations.keys import facts_key
from conversations.messages import (
    GREETING_ID,
    Conversation,
    ConversationClosed,
    ConversationFull,
    Conversations,
    NoSuchConversation,
    Sender,
    TextTooLong,
    as_seen,
)
from conversations.model import CHAT_BYTES, HOUR_BYTES, KEEP_SECONDS, UNUSED_SECONDS
from store.connection import Store
from store.doorbells import Bell, Doorbells
from store.ids import new_id
from store.keys import root
from tests.conversations.conftest import Opens
from tests.conversations.talk import ANNA, Talk
from tests.support import wait_until


@pytest.fixture
async def talk(conversations: Conversations, tenant: str, opens: Opens) -> Talk:
    return Talk(conversations, tenant, await opens())


async def test_a_conversation_is_what_was_opened_and_opening_again_changes_nothing(
    conversations: Conversations, tenant: str
) -> None:
    one = Conversation(
        tenant, new_id(), "orders", None, "Mia", "mia@example.org", "https://x.example/a", "de-CH", "wabc", privacy_at=1
    )
    await conversations.open(one)
    await Talk(conversations, tenant, one.id).visitor("Hello")
    await conversations.open(Conversation(tenant, one.id, "other", None, "Somebody else"))
    found = await conversations.get(tenant, one.id)
    assert found is not None
    assert (found.service, found.user, found.customer, found.email) == ("orders", None, "Mia", "mia@example.org")
    assert (found.page, found.locale, found.widget) == ("https://x.example/a", "de-CH", "wabc")
    assert found.privacy_at == found.started_at > 1_700_000_000_000
    assert (found.last_seq, found.closed_at, found.chat_id, found.begun_at) == (1, None, "", None)


async def test_agents_read_the_greeting_first_as_the_visitor_did(talk: Talk) -> None:
    await talk.visitor("Hello", GREETING_ID)  # whatever he calls his words
    await talk.visitor("Is anybody there?")
    await talk.system("Welcome.", GREETING_ID)
    await talk.agent("Good morning")
    found = as_seen(await talk.conversations.read(talk.tenant, talk.id, 0))
    assert [one.text for one in found] == ["Welcome.", "Hello", "Is anybody there?", "Good morning"]


def test_agents_see_which_page_it_is_without_what_its_address_carries() -> None:
    page = "https://shop.example/roses/?token=secret#a"
    assert Conversation("t", "c", "orders", None, page=page).page_shown == "shop.example/roses"


async def test_a_visitor_fills_neither_an_hour_nor_a_chat_without_end(talk: Talk, store: Store) -> None:
    """Bytes count, not characters; the agent's words always have a place."""
    facts = facts_key(talk.tenant, talk.id)
    for n in range(HOUR_BYTES // 24_100):
        await talk.visitor("€" * 8_000, f"v-{n}")
    with pytest.raises(ConversationFull) as full:
        await talk.visitor("€" * 8_000, "v-late")
    assert full.value.after_seconds is not None
    assert 0 < full.value.after_seconds <= 3_600
    assert (await talk.visitor("€" * 8_000, "v-0")).duplicate, "what is stored is acknowledged again"
    await talk.agent("Good morning")
    hour = (await store.hgetall(facts))["hour"]
    await store.hset(facts, {"hour": str(int(hour) - 1)})
    assert not (await talk.visitor("€" * 8_000, "v-late")).duplicate
    await store.hset(facts, {"bytes": str(CHAT_BYTES)})
    with pytest.raises(ConversationFull) as full:
        await talk.visitor("one word", "v-last")
    assert full.value.after_seconds is None
    await talk.agent("Please write to us by mail.")


async def test_everything_said_is_read_in_the_order_of_storing(talk: Talk) -> None:
    await talk.visitor("Hello")
    await talk.agent("Good morning 🌱")
    await talk.note("a regular")
    await talk.system("Anna is here")
    messages = await talk.conversations.read(talk.tenant, talk.id, 0)
    assert [m.seq for m in messages] == [1, 2, 3, 4]
    assert [(m.sender, m.author, m.author_id, m.text) for m in messages] == [
        ("visitor", "", "", "Hello"),
        ("agent", "Anna Meier", ANNA, "Good morning 🌱"),
        ("note", "Anna Meier", ANNA, "a regular"),
        ("system", "", "", "Anna is here"),
    ]
    assert [m.at for m in messages] == sorted(m.at for m in messages)
    assert [m.seq for m in await talk.conversations.read(talk.tenant, talk.id, 2)] == [3, 4]
    assert [m.seq for m in await talk.conversations.read(talk.tenant, talk.id, 1, limit=2)] == [2, 3]


async def test_the_last_public_entry_is_the_last_one_that_is_no_note(talk: Talk) -> None:
    await talk.visitor("Hello")
    await talk.note("a regular")
    found = await talk.conversations.get(talk.tenant, talk.id)
    assert found is not None
    assert (found.last_seq, found.last_public_seq) == (2, 1)


async def test_the_places_of_many_conversations_are_read_at_once(talk: Talk, opens: Opens) -> None:
    await talk.visitor("Hello")
    await talk.note("a regular")
    wanted = [(talk.tenant, talk.id), (talk.tenant, new_id()), (talk.tenant, await opens())]
    assert await talk.conversations.places(wanted) == [(2, 1), None, (0, 0)]


async def test_no_idempotency_lost_or_twice__chatwoot_15743_6128(talk: Talk) -> None:
    first = await talk.visitor("Hello", "one")
    again = await talk.visitor("Hello", "one")
    assert (first.duplicate, again.duplicate) == (False, True)
    assert (first.seq, first.at) == (again.seq, again.at)
    assert await talk.told() == ["visitor text Hello"]


async def test_a_hundred_senders_of_the_same_message_store_it_once(talk: Talk) -> None:
    said = await asyncio.gather(*(talk.visitor("Hello", "one") for _ in range(100)))
    assert {s.seq for s in said} == {1}
    assert sum(not s.duplicate for s in said) == 1
    assert len(await talk.told()) == 1


async def test_client_ids_count_within_one_side(talk: Talk) -> None:
    """A visitor who takes the id of an agent's message neither hides that message nor repeats it."""
    assert (await talk.visitor("mine", "teams:1")).seq == 1
    assert (await talk.agent("really", "teams:1")).seq == 2
    assert await talk.told() == ["visitor text mine", "agent text really"]


async def test_200_interleaved_writers_keep_order(talk: Talk) -> None:
    """Each writer's own messages stay in his order, numbers have no gap, and every reader sees the same order."""

    async def writer(name: int) -> list[int]:
        sender = Sender.VISITOR if name % 2 else Sender.AGENT
        return [(await talk.say(sender, f"{name} {n}", f"{name}-{n}")).seq for n in range(5)]

    places = await asyncio.gather(*(writer(name) for name in range(200)))
    assert all(own == sorted(own) for own in places)
    assert sorted(seq for own in places for seq in own) == list(range(1, 1001))
    read = await talk.conversations.read(talk.tenant, talk.id, 0, limit=2000)
    assert [m.seq for m in read] == list(range(1, 1001))
    assert {m.text: m.seq for m in read} == {
        f"{name} {n}": seq for name, own in enumerate(places) for n, seq in enumerate(own)
    }


async def test_a_bell_rings_with_the_place_of_the_message(talk: Talk, store: Store) -> None:
    bells = Doorbells(store)
    running = asyncio.create_task(bells.run())
    heard: list[Bell] = []
    bells.listen_to("conv", talk.tenant, talk.id, heard.append)
    bells.listen_to("typing", talk.tenant, talk.id, heard.append)
    try:
        await bells.connected()
        await wait_until(lambda: heard, 5, "the bells' first look")
        heard.clear()
        await talk.visitor("Hello")
        await talk.conversations.typing(talk.tenant, talk.id, "agent")
        await wait_until(lambda: len(heard) == 2, 5, "two bells")
    finally:
        running.cancel()
    assert [(b.kind, b.word) for b in heard] == [("conv", "1"), ("typing", "agent")]


# --- edits and deletes -------------------------------------------------------------------------------------------


async def test_an_edit_names_the_message_that_it_changes(talk: Talk) -> None:
    await talk.agent("Helo", "teams:1")
    await talk.edit("teams:1", "Hello")
    await talk.delete("teams:1")
    assert await talk.told() == ["agent text Helo", "agent edit Hello →1", "agent delete →1"]


async def test_edits_that_overtake_their_message_wait_for_it(talk: Talk) -> None:
    early = await talk.edit("teams:1", "Hello")
    gone = await talk.delete("teams:1")
    assert (early.seq, gone.seq) == (0, 0)
    assert await talk.told() == []
    await talk.agent("another", "teams:2")
    await talk.agent("Helo", "teams:1")
    assert await talk.told() == ["agent text another", "agent text Helo", "agent edit Hello →2", "agent delete →2"]
    again = await talk.edit("teams:1", "Hello")
    assert (again.seq, again.duplicate) == (3, True)
    await talk.agent("Helo", "teams:1")
    assert len(await talk.told()) == 4


async def test_a_repeated_early_edit_waits_once(talk: Talk) -> None:
    await talk.edit("teams:1", "Hello")
    assert (await talk.edit("teams:1", "Hello")).duplicate
    await talk.agent("Helo", "teams:1")
    assert await talk.told() == ["agent text Helo", "agent edit Hello →1"]


async def test_nobody_edits_the_message_of_the_other_side(talk: Talk) -> None:
    await talk.visitor("mine", "teams:1")
    assert (await talk.edit("teams:1", "not mine")).seq == 0
    assert await talk.told() == ["visitor text mine"]


async def test_a_note_stays_a_note_whatever_it_is_edited_to(talk: Talk) -> None:
    await talk.note("// he is rude", "teams:1")
    await talk.edit("teams:1", "he is rude", sender=Sender.AGENT)
    assert await talk.told() == ["note text // he is rude", "note edit he is rude →1"]
    found = await talk.conversations.get(talk.tenant, talk.id)
    assert found is not None
    assert found.last_public_seq == 0


async def test_a_message_that_becomes_a_note_says_that_it_was_public(talk: Talk) -> None:
    await talk.agent("he is rude", "teams:1")
    await talk.edit("teams:1", "// he is rude", sender=Sender.NOTE)
    edited = (await talk.conversations.read(talk.tenant, talk.id, 1))[0]
    assert (edited.sender, edited.was, edited.refers_to) == (Sender.NOTE, Sender.AGENT, 1)
    found = await talk.conversations.get(talk.tenant, talk.id)
    assert found is not None
    assert found.last_public_seq == 2, "the visitor has to hear that it was taken back"


async def test_edits_whose_message_never_comes_do_not_pile_up(talk: Talk, store: Store) -> None:
    for n in range(60):
        await talk.edit(f"teams:{n}", "x")
    await talk.agent("first", "teams:0")
    await talk.agent("last", "teams:59")
    assert await talk.told() == ["agent text first", "agent text last", "agent edit x →2"]


# --- the end -----------------------------------------------------------------------------------------------------


async def test_closed_chats_silently_reopen__chatwoot_14563(talk: Talk) -> None:
    before = await talk.visitor("Hello", "one")
    await talk.conversations.close(talk.tenant, talk.id)
    for attempt in (talk.visitor, talk.agent, talk.note, talk.system):
        with pytest.raises(ConversationClosed):
            await attempt("too late")
    with pytest.raises(ConversationClosed):
        await talk.edit("v-x", "too late", sender=Sender.VISITOR)
    repeat = await talk.visitor("Hello", "one")
    assert (repeat.seq, repeat.duplicate) == (before.seq, True), "a lost answer is answered again also after the end"
    first = await talk.conversations.get(talk.tenant, talk.id)
    await talk.conversations.close(talk.tenant, talk.id)
    await talk.conversations.open(Conversation(talk.tenant, talk.id, "orders", None))
    assert first is not None
    assert first.closed_at is not None
    assert await talk.conversations.get(talk.tenant, talk.id) == first
    assert await talk.told() == ["visitor text Hello"]


async def test_nobody_speaks_in_a_conversation_that_never_was(conversations: Conversations, tenant: str) -> None:
    talk = Talk(conversations, tenant, new_id())
    with pytest.raises(NoSuchConversation):
        await talk.visitor("Hello")
    await conversations.close(tenant, talk.id)
    await conversations.set_customer(tenant, talk.id, name="Mia", email="")
    assert await conversations.get(tenant, talk.id) is None


async def test_another_tenants_conversation_is_not_there(talk: Talk) -> None:
    await talk.visitor("Hello")
    stranger = Talk(talk.conversations, str(uuid.uuid4()), talk.id)
    assert await stranger.told() == []
    with pytest.raises(NoSuchConversation):
        await stranger.visitor("Hello")


async def test_a_text_may_have_8000_characters(talk: Talk) -> None:
    await talk.visitor("👍" * 8_000)
    with pytest.raises(TextTooLong) as caught:
        await talk.visitor("x" * 8_001)
    assert caught.value.limit == 8_000


async def test_an_unused_conversation_goes_with_its_visitors_token_and_a_used_one_stays_a_month(
    talk: Talk, store: Store
) -> None:
    key = f"{root(talk.tenant)}conversation:{talk.tenant}:{talk.id}"
    unused = await store.ttl(key)
    await talk.visitor("Hello")
    used = await store.ttl(key)
    assert unused is not None
    assert used is not None
    assert 0 <= UNUSED_SECONDS - unused < 60
    assert 0 <= KEEP_SECONDS - used < 60


async def test_the_customer_can_be_named_later(talk: Talk) -> None:
    await talk.conversations.set_customer(talk.tenant, talk.id, name="Mia Muster", email="mia@example.org")
    found = await talk.conversations.get(talk.tenant, talk.id)
    assert found is not None
    assert (found.customer, found.email) == ("Mia Muster", "mia@example.org")
