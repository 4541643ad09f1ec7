"""The Teams side: one room per conversation, batches that do not change, and what was shown."""

import pytest

from conversations.messages import ConversationMoved, Conversations, NoSuchConversation, Sender
from store.connection import Store
from store.ids import new_id
from store.keys import root
from tests.conversations.conftest import Opens
from tests.conversations.talk import Talk

CHAT = "19:0c3f@thread.v2"
URL = "https://teams.microsoft.com/l/chat/19%3A0c3f/0"


@pytest.fixture
async def talk(conversations: Conversations, tenant: str, opens: Opens) -> Talk:
    return Talk(conversations, tenant, await opens())


async def relay_marked(store: Store, talk: Talk) -> bool:
    """Whether the relay of this conversation was marked due since this was asked last."""
    return await store.zrem(f"{root(talk.tenant)}due", f"relay:{talk.tenant}:{talk.id}") == 1


async def test_the_first_intent_stands(talk: Talk) -> None:
    first = await talk.conversations.intend_room(talk.tenant, talk.id, "Garden Advice ¦ Mia")
    again = await talk.conversations.intend_room(talk.tenant, talk.id, "Another name")
    assert first == again
    assert (first.topic, first.chat_id) == ("Garden Advice ¦ Mia", "")
    assert first.at > 1_700_000_000_000
    await talk.conversations.bind_room(talk.tenant, talk.id, CHAT, URL)
    bound = await talk.conversations.intend_room(talk.tenant, talk.id, "x")
    assert (bound.chat_id, bound.chat_url) == (CHAT, URL)


async def test_an_intent_that_failed_for_good_makes_way(talk: Talk) -> None:
    await talk.conversations.intend_room(talk.tenant, talk.id, "one")
    await talk.conversations.drop_intent(talk.tenant, talk.id)
    assert (await talk.conversations.intend_room(talk.tenant, talk.id, "two")).topic == "two"


async def test_a_room_is_bound_once_and_found_by_its_chat(talk: Talk) -> None:
    assert await talk.conversations.by_room(talk.tenant, CHAT) is None
    assert await talk.conversations.bind_room(talk.tenant, talk.id, CHAT, URL)
    assert await talk.conversations.bind_room(talk.tenant, talk.id, CHAT, URL)
    assert not await talk.conversations.bind_room(talk.tenant, talk.id, "19:other@thread.v2", URL)
    assert await talk.conversations.by_room(talk.tenant, CHAT) == talk.id
    assert await talk.conversations.by_room(talk.tenant, "19:other@thread.v2") is None
    found = await talk.conversations.get(talk.tenant, talk.id)
    assert found is not None
    assert (found.chat_id, found.chat_url, found.opening_seq) == (CHAT, URL, 0)


async def test_there_is_no_room_for_a_conversation_that_never_was(conversations: Conversations, tenant: str) -> None:
    with pytest.raises(NoSuchConversation):
        await conversations.intend_room(tenant, new_id(), "x")
    with pytest.raises(NoSuchConversation):
        await conversations.bind_room(tenant, new_id(), CHAT, URL)


async def test_relay_is_due_from_the_room_on_and_only_for_what_goes_to_teams(talk: Talk, store: Store) -> None:
    await talk.visitor("before the room")
    assert not await relay_marked(store, talk)
    await talk.conversations.bind_room(talk.tenant, talk.id, CHAT, URL)
    assert await relay_marked(store, talk)
    await talk.agent("from the room")
    await talk.note("// from the room")
    assert not await relay_marked(store, talk)
    await talk.visitor("to the room", "v1")
    assert await relay_marked(store, talk)
    await talk.system("to the room")
    assert await relay_marked(store, talk)
    await talk.visitor("to the room", "v1")
    assert not await relay_marked(store, talk), "nothing new"


async def test_batches_carry_what_came_after_the_opening_card(talk: Talk) -> None:
    await talk.visitor("on the card")
    assert await talk.conversations.next_batch(talk.tenant, talk.id) is None
    await talk.conversations.bind_room(talk.tenant, talk.id, CHAT, URL)
    assert await talk.conversations.next_batch(talk.tenant, talk.id) is None
    await talk.agent("Hello")
    await talk.visitor("one")
    await talk.note("// hm")
    await talk.visitor("two")
    batch = await talk.conversations.next_batch(talk.tenant, talk.id)
    assert batch is not None
    assert (batch.first, batch.last, [m.text for m in batch.messages]) == (2, 5, ["one", "two"])


async def test_a_batch_is_resent_unchanged_until_it_is_noted_as_sent(talk: Talk) -> None:
    await talk.conversations.bind_room(talk.tenant, talk.id, CHAT, URL)
    await talk.visitor("one")
    batch = await talk.conversations.next_batch(talk.tenant, talk.id)
    await talk.visitor("two")
    assert await talk.conversations.next_batch(talk.tenant, talk.id) == batch
    assert batch is not None
    await talk.conversations.batch_sent(talk.tenant, talk.id, batch, "activity-1")
    later = await talk.conversations.next_batch(talk.tenant, talk.id)
    assert later is not None
    assert [m.text for m in later.messages] == ["two"]
    await talk.conversations.batch_sent(talk.tenant, talk.id, batch, "activity-1")
    assert await talk.conversations.next_batch(talk.tenant, talk.id) == later, "an old answer moves nothing"
    await talk.conversations.batch_sent(talk.tenant, talk.id, later, "activity-2")
    assert await talk.conversations.next_batch(talk.tenant, talk.id) is None


async def test_a_batch_has_limits_and_a_large_message_goes_alone(talk: Talk) -> None:
    await talk.conversations.bind_room(talk.tenant, talk.id, CHAT, URL)
    for n in range(25):
        await talk.visitor(f"{n}")
    await talk.visitor("x" * 8_000, "big-1")
    await talk.visitor("ü" * 8_000, "big-2")
    await talk.visitor("end")
    sizes: list[int] = []
    while batch := await talk.conversations.next_batch(talk.tenant, talk.id, max_bytes=10_000):
        sizes.append(len(batch.messages))
        await talk.conversations.batch_sent(talk.tenant, talk.id, batch, "a")
    assert sizes == [20, 6, 1, 1]


async def test_a_long_talk_of_the_agents_is_passed_over(talk: Talk) -> None:
    await talk.conversations.bind_room(talk.tenant, talk.id, CHAT, URL)
    for n in range(450):
        await talk.agent(f"{n}")
    assert await talk.conversations.next_batch(talk.tenant, talk.id) is None
    await talk.visitor("still here")
    batch = await talk.conversations.next_batch(talk.tenant, talk.id)
    assert batch is not None
    assert (batch.first, batch.last) == (451, 451)


async def test_what_was_shown_is_noted_per_slot(talk: Talk) -> None:
    conversations = talk.conversations
    assert await conversations.shown(talk.tenant, talk.id, "opening") is None
    await conversations.set_shown(talk.tenant, talk.id, "opening", CHAT, "a1", "d1")
    await conversations.set_shown(talk.tenant, talk.id, "card:anna", "a:1", "a2", "d2")
    await conversations.set_shown(talk.tenant, talk.id, "opening", CHAT, "a1", "d3")
    opening = await conversations.shown(talk.tenant, talk.id, "opening")
    assert opening is not None
    assert (opening.conversation_ref, opening.activity_id, opening.digest) == (CHAT, "a1", "d3")


async def test_a_try_lasts_until_it_is_known_what_became_of_it(talk: Talk) -> None:
    conversations, slot = talk.conversations, (talk.tenant, talk.id, "end")
    assert await conversations.try_shown(*slot, CHAT) == 0
    first = await conversations.try_shown(*slot, CHAT)
    assert first > 0
    await conversations.doubt_shown(talk.tenant, talk.id)
    assert await conversations.try_shown(*slot, CHAT) == first
    assert await conversations.try_shown(*slot, "19:other@thread.v2") == 0, "it was tried in another chat"
    await conversations.forget_try(*slot)
    assert await conversations.try_shown(*slot, CHAT) == 0
    await conversations.set_shown(*slot, CHAT, "a1", "")
    assert await conversations.try_shown(*slot, CHAT) == 0


async def test_activities_of_other_chats_are_not_known_in_a_room(talk: Talk) -> None:
    conversations = talk.conversations
    await conversations.set_shown(talk.tenant, talk.id, "card:anna", "a:1", "999", "")
    await conversations.set_shown(talk.tenant, talk.id, "opening", CHAT, "1", "")
    assert await conversations.known_activities(talk.tenant, talk.id, CHAT) == {"1"}


async def test_a_chat_goes_on_in_another_room(talk: Talk, store: Store) -> None:
    other, conversations = "19:1f4a@thread.v2", talk.conversations
    await conversations.bind_room(talk.tenant, talk.id, CHAT, URL)
    await talk.visitor("to the first room")
    batch = await conversations.next_batch(talk.tenant, talk.id, chat_id=CHAT)
    assert batch is not None

    async def move(before: str, to: str) -> bool:
        return await conversations.move_room(talk.tenant, talk.id, before=before, chat_id=to, chat_url=URL, agent="ben")

    assert await move(CHAT, other)
    assert await move(CHAT, other), "repeated, it changes nothing"
    assert not await move(CHAT, "19:third@thread.v2")
    found = await conversations.get(talk.tenant, talk.id)
    assert found is not None
    assert (found.chat_id, found.left, found.opening_seq) == (other, (CHAT,), 1)
    await conversations.batch_sent(talk.tenant, talk.id, batch, "late")
    assert await conversations.next_batch(talk.tenant, talk.id) is None, "the opening card tells it"
    await talk.visitor("to the second room", "v2")
    assert await conversations.next_batch(talk.tenant, talk.id, chat_id=CHAT) is None
    later = await conversations.next_batch(talk.tenant, talk.id, chat_id=other)
    assert later is not None
    assert [message.text for message in later.messages] == ["to the second room"]

    async def words(room: str, key: str) -> None:
        await conversations.say(
            talk.tenant, talk.id, sender=Sender.AGENT, author="A", author_id="a", text="x", client_id=key, room=room
        )

    with pytest.raises(ConversationMoved):
        await words(CHAT, "t1")
    await words(other, "t2")
    assert await relay_marked(store, talk)
