"""What happens between a read and its use: two tabs, or a tab and its own doorbell, at the same instant."""

import asyncio
from dataclasses import dataclass

from conversations.messages import Conversation, Conversations
from directory.directory import Directory
from directory.model import WidgetSettings
from distribution.distributor import Distributor
from distribution.tasks import TaskState
from interact.chat import VisitorChat
from interact.frames import Say
from interact.origins import Origins
from interact.widgets import Widget
from store.connection import Store
from store.ids import new_id
from tests.interact.company import furnish

SERVICE = "garden-advice"


@dataclass(frozen=True)
class Claims:
    tenant: str
    conversation: str


class SlowReader(Conversations):
    """Reads conversations as fast as any, but hands them over only when `gate` opens."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.gate: asyncio.Event | None = None
        self.has_read = asyncio.Event()

    async def get(self, tenant: str, conversation: str) -> Conversation | None:
        found = await super().get(tenant, conversation)
        if self.gate is not None:
            self.has_read.set()
            await self.gate.wait()
        return found


async def new_chats(store: Store, tenant: str, count: int) -> tuple[list[VisitorChat], SlowReader, Distributor]:
    """Several sockets' views of one new conversation."""
    distributor, conversations = Distributor(store), SlowReader(store)
    directory = Directory(store, distributor)
    await furnish(directory, tenant)
    conversation = Conversation(tenant, new_id(), SERVICE, None)
    await conversations.open(conversation)
    widget = Widget("w", tenant, SERVICE, None, "Garden Advice", WidgetSettings(), Origins(["*"], ""))
    claims = Claims(tenant, conversation.id)
    chats = [
        VisitorChat(
            claims, conversation, widget, conversations=conversations, distributor=distributor, directory=directory
        )
        for _ in range(count)
    ]
    return chats, conversations, distributor


def hello() -> Say:
    return Say(type="say", id=new_id(), text="Hello")


async def test_a_refresh_that_began_before_the_first_word_does_not_unsay_it(store: Store, tenant: str) -> None:
    (chat,), conversations, _ = await new_chats(store, tenant, 1)
    conversations.gate = asyncio.Event()
    refresh = asyncio.create_task(chat.refresh())
    await conversations.has_read.wait()
    await chat.say(hello())
    conversations.gate.set()
    await refresh
    assert chat.conversation.begun_at is not None
    assert not chat.ended


async def test_leaving_in_one_tab_ends_what_another_tab_has_just_begun(store: Store, tenant: str) -> None:
    (first, second), _, distributor = await new_chats(store, tenant, 2)
    await first.say(hello())
    await second.leave()  # no doorbell has told it of the task yet
    task = await distributor.task(*first.key)
    assert task is not None
    assert (task.state, task.ended_by) == (TaskState.CLOSED, "visitor")


async def test_the_first_words_of_ten_tabs_create_one_task(store: Store, tenant: str) -> None:
    chats, conversations, distributor = await new_chats(store, tenant, 10)
    said = await asyncio.gather(*(chat.say(hello()) for chat in chats))
    assert sorted(one.seq for one in said) == list(range(1, 11))
    task = await distributor.task(*chats[0].key)
    assert task is not None
    assert {chat.conversation.begun_at for chat in chats} == {task.created_at}
    found = await conversations.get(*chats[0].key)
    assert found is not None
    assert found.begun_at == task.created_at
