"""The only doors: a visitor's token opens his own conversation, an agent opens those of his tasks."""

from dataclasses import dataclass

import pytest

from conversations.access import access_conversation_as_agent, access_conversation_as_visitor
from conversations.messages import Conversation, ConversationClosed, Conversations, NoAccess, Sender
from distribution.agents import AgentRules, Presence
from distribution.distributor import Distributor
from distribution.service_rules import ServiceRules
from distribution.tasks import TaskState, Via
from store.connection import Store
from store.ids import new_id
from tests.conversations.conftest import Opens
from tests.conversations.talk import Talk

ANNA = "11111111-aaaa-4aaa-8aaa-aaaaaaaaaaaa"
BEN = "22222222-bbbb-4bbb-8bbb-bbbbbbbbbbbb"
SERVICE = "garden-advice"


@dataclass(frozen=True)
class Claims:
    tenant: str
    conversation: str


@pytest.fixture
async def distributor(store: Store, tenant: str) -> Distributor:
    made = Distributor(store)
    await made.set_tenant(tenant, im_enabled=True)
    await made.set_service(tenant, SERVICE, ServiceRules("Garden Advice", acw_seconds=60))
    for user in (ANNA, BEN):
        await made.set_agent(tenant, user, AgentRules(licensed=True, direct_licensed=False, services={SERVICE: True}))
    await made.set_registered(tenant, ANNA, True)
    await made.set_presence(tenant, {ANNA: Presence.AVAILABLE})
    return made


async def accepted(distributor: Distributor, tenant: str, task: str) -> None:
    """The task of this conversation is created, and Anna talks in it."""
    await distributor.create(tenant, task, service=SERVICE, customer="Mia")
    offered = (await distributor.queue(tenant, task)).task
    assert offered is not None
    assert offered.offer is not None
    await distributor.accept(tenant, task, offered.offer, ANNA, Via.CARD)
    active = (await distributor.opened(tenant, task)).task
    assert active is not None
    assert active.state is TaskState.ACTIVE


async def test_a_visitor_saw_somebody_elses_chat__chatwoot_2070_9493(
    conversations: Conversations, tenant: str, opens: Opens
) -> None:
    mine, other = await opens(), await opens()
    found = await access_conversation_as_visitor(conversations, Claims(tenant, mine))
    assert (found.id, found.id == other) == (mine, False)
    for claims in (Claims(tenant, new_id()), Claims("another-tenant", mine)):
        with pytest.raises(NoAccess):
            await access_conversation_as_visitor(conversations, claims)


async def test_an_agent_opens_the_conversations_of_his_tasks_also_when_they_are_over(
    conversations: Conversations, distributor: Distributor, tenant: str, opens: Opens
) -> None:
    task = await opens()
    with pytest.raises(NoAccess):
        await access_conversation_as_agent(conversations, distributor, tenant, task, ANNA)
    await accepted(distributor, tenant, task)
    for _ in range(2):
        found = await access_conversation_as_agent(conversations, distributor, tenant, task, ANNA)
        assert found.id == task
        with pytest.raises(NoAccess):
            await access_conversation_as_agent(conversations, distributor, tenant, task, BEN)
        await distributor.terminate(tenant, task, by="agent", actor=ANNA, via=Via.CARD)


async def test_an_agents_task_whose_conversation_is_gone_is_no_access(
    conversations: Conversations, distributor: Distributor, tenant: str
) -> None:
    task = new_id()
    await accepted(distributor, tenant, task)
    with pytest.raises(NoAccess):
        await access_conversation_as_agent(conversations, distributor, tenant, task, ANNA)


async def test_the_talk_is_over_in_the_step_that_ends_the_task(
    conversations: Conversations, distributor: Distributor, tenant: str
) -> None:
    talk = Talk(conversations, tenant, new_id())
    await conversations.open(Conversation(tenant, talk.id, SERVICE, None))
    await accepted(distributor, tenant, talk.id)
    await talk.visitor("Hello")
    await talk.agent("Good morning")
    ended = await distributor.terminate(tenant, talk.id, by="agent", actor=ANNA, via=Via.ROOM)
    assert ended.task is not None
    assert ended.task.state is TaskState.ACW
    for attempt in (talk.visitor, talk.agent, talk.note):
        with pytest.raises(ConversationClosed):
            await attempt("too late")
    assert (await talk.say(Sender.VISITOR, "Hello", "v-Hello")).duplicate
    await talk.system("The chat has ended.")
    await distributor.finish_acw(tenant, talk.id, ANNA, Via.CARD)
    with pytest.raises(ConversationClosed):
        await talk.visitor("too late")
    assert await talk.told() == ["visitor text Hello", "agent text Good morning", "system text The chat has ended."]
