"""The status that a visitor sees, derived from real tasks; and whether somebody would answer."""

from dataclasses import replace

import pytest

from conversations.messages import Conversation
from distribution.agents import AgentRules, Presence, Reason
from distribution.distributor import Distributor
from distribution.service_rules import ServiceRules
from distribution.tasks import Task, Via
from interact.presence import presence_word
from interact.status import state_of, status_frame
from store.connection import Store
from store.ids import new_id

ANNA = "11111111-aaaa-4aaa-8aaa-aaaaaaaaaaaa"
SERVICE = "garden-advice"


@pytest.fixture
async def distributor(store: Store, tenant: str) -> Distributor:
    made = Distributor(store)
    await made.set_tenant(tenant, im_enabled=True)
    await made.set_service(tenant, SERVICE, ServiceRules("Garden Advice", acw_seconds=60))
    await made.set_agent(tenant, ANNA, AgentRules(licensed=True, direct_licensed=False, services={SERVICE: True}))
    await made.set_registered(tenant, ANNA, True)
    return made


async def test_the_status_follows_the_task_from_the_first_message_to_the_end(
    distributor: Distributor, tenant: str
) -> None:
    task = new_id()
    conversation = Conversation(tenant, task, SERVICE, None)

    async def status(position: int | None = None) -> dict[str, object]:
        now = await distributor.task(tenant, task)
        return status_frame(conversation, now, service="Garden Advice", agent="Anna", position=position)

    assert await status() == {
        "state": "new", "service": "Garden Advice", "agent": None, "notice": None, "position": None, "outcome": None,
        "visitor_ended": False,
    }  # fmt: skip
    await distributor.create(tenant, task, service=SERVICE, customer="")
    conversation = replace(conversation, begun_at=1)
    seen = [(await status())["state"]]
    await distributor.queue(tenant, task)
    queued = await status(position=1)
    assert (queued["state"], queued["position"], queued["agent"]) == ("waiting", 1, None)
    await distributor.set_presence(tenant, {ANNA: Presence.AVAILABLE})
    seen.append((await status())["state"])
    offered = await distributor.task(tenant, task)
    assert offered is not None
    assert offered.offer is not None
    await distributor.accept(tenant, task, offered.offer, ANNA, Via.CARD)
    seen.append((await status())["state"])
    await distributor.opened(tenant, task)
    connected = await status(position=1)
    assert (connected["state"], connected["agent"], connected["position"]) == ("connected", "Anna", None)
    await distributor.terminate(tenant, task, by="agent", actor=ANNA, via=Via.CARD)
    in_acw = await status()
    assert (in_acw["state"], in_acw["outcome"], in_acw["visitor_ended"]) == ("ended", "handled", False)
    await distributor.finish_acw(tenant, task, ANNA, Via.CARD)
    assert await status() == in_acw, "the agent's after-call work is no business of the visitor's"
    assert seen == ["waiting", "waiting", "waiting"]


async def test_a_visitor_whose_room_broke_is_told_that_somebody_else_goes_on(
    distributor: Distributor, tenant: str
) -> None:
    task = new_id()
    conversation = Conversation(tenant, task, SERVICE, None, begun_at=1)

    async def told() -> tuple[object, object]:
        now = await distributor.task(tenant, task)
        frame = status_frame(conversation, now, service="", agent="Anna", position=None)
        return frame["state"], frame["notice"]

    async def accept() -> None:
        now = await distributor.task(tenant, task)
        assert now is not None
        assert now.offer is not None
        assert (await distributor.accept(tenant, task, now.offer, now.invited[0], Via.CARD)).ok

    await distributor.create(tenant, task, service=SERVICE, customer="", workflow=False)
    await distributor.set_presence(tenant, {ANNA: Presence.AVAILABLE})
    await accept()
    assert await told() == ("waiting", None)
    await distributor.opened(tenant, task)
    assert await told() == ("connected", None)
    await distributor.room_lost(tenant, task, "room_lost")
    assert await told() == ("waiting", "passed_on")


async def test_a_visitor_who_left_ended_it_himself(distributor: Distributor, tenant: str) -> None:
    task = new_id()
    await distributor.create(tenant, task, service=SERVICE, customer="")
    await distributor.queue(tenant, task)
    await distributor.visitor_left(tenant, task)
    now = await distributor.task(tenant, task)
    status = status_frame(Conversation(tenant, task, SERVICE, None), now, service="", agent=None, position=None)
    assert (status["state"], status["outcome"], status["visitor_ended"]) == ("ended", "abandoned_in_queue", True)


def test_a_chat_whose_task_is_long_gone_never_looks_new() -> None:
    gone: Task | None = None
    assert state_of(Conversation("t", "c", SERVICE, None, begun_at=1), gone) == "ended"
    assert state_of(Conversation("t", "c", SERVICE, None, closed_at=1), gone) == "ended"
    assert state_of(Conversation("t", "c", SERVICE, None), gone) == "new"


@pytest.mark.parametrize(
    ("against", "word"),
    [
        ("", "offline"),
        ("nothing", "available"),
        ("offline, nothing", "available"),
        ("connected, offline", "busy"),
        ("acw+rona", "busy"),
        ("away, off_duty", "away"),
        ("away, busy", "busy"),
        ("offline+busy", "offline"),
        ("not_licensed", "offline"),
        ("unreachable", "offline"),
    ],
)
async def test_the_best_word_that_holds_for_any_agent(
    distributor: Distributor, tenant: str, against: str, word: str
) -> None:
    anna = await distributor.agent(tenant, ANNA)
    assert anna is not None
    each = [() if text == "nothing" else tuple(map(Reason, text.split("+"))) for text in against.split(", ") if text]
    agents = [replace(anna, reasons={SERVICE: reasons}) for reasons in each]
    assert presence_word(agents, SERVICE) == word


async def test_an_agent_of_other_services_counts_as_offline(distributor: Distributor, tenant: str) -> None:
    anna = await distributor.agent(tenant, ANNA)
    assert anna is not None
    assert presence_word([anna], "orders") == "offline"
