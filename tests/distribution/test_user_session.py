"""What is told of each agent's part in a task, from the first offer to the end of a transferred talk."""

from distribution.tasks import Task, TaskState, Via
from distribution.user_session import Entries, OfferResult, Phase
from tests.distribution.handing import hand_on, talking
from tests.distribution.world import SALES, SUPPORT, World


def parts(task: Task) -> list[tuple[str, Phase, OfferResult | None]]:
    return [(session.user, session.phase, session.result) for session in task.sessions]


async def test_an_offer_is_declined_and_the_next_agent_talks(world: World) -> None:
    d, t = world.distributor, world.tenant
    await world.rules(SALES)
    await world.agent("anna")
    task = await world.task()
    offered = await world.see(task)
    assert parts(offered) == [("anna", Phase.OFFERED, None)]
    [asked] = offered.sessions
    assert (asked.offer, asked.has_talked, asked.may_end, asked.asked_again_at) == (offered.offer, False, False, None)
    assert offered.talker is None
    assert offered.session_of("ben") is None

    await d.decline(t, task, offered.offer or "", "anna", Via.CARD, at=world.now)
    declined = (await world.see(task)).session_of("anna")
    assert declined is not None
    assert (declined.phase, declined.result) == (Phase.OVER, OfferResult.DECLINED)
    assert declined.offer == offered.offer, "the offer that they declined"
    assert declined.asked_again_at is not None
    assert declined.asked_again_at > world.now

    await world.agent("ben")
    second = await world.see(task)
    await d.accept(t, task, second.offer or "", "ben", Via.CARD, at=world.now)
    connecting = await world.see(task)
    assert parts(connecting) == [
        ("ben", Phase.CONNECTING, OfferResult.ACCEPTED), ("anna", Phase.OVER, OfferResult.DECLINED),
    ]  # fmt: skip
    assert connecting.talker == "ben"
    await d.opened(t, task, at=world.now)
    assert parts(await world.see(task))[0] == ("ben", Phase.TALKING, OfferResult.ACCEPTED)


async def test_a_transferred_talk_has_two_parts(world: World) -> None:
    d, t = world.distributor, world.tenant
    task = await talking(world, "ben")
    await d.save_wrapup(t, task, "anna", codes=["x"], tags=[], note="", at=world.now)
    await hand_on(world, task)
    waiting = await world.see(task)
    anna, ben = waiting.session_of("anna"), waiting.session_of("ben")
    assert anna is not None
    assert ben is not None
    assert (anna.phase, anna.service, anna.may_end, anna.left_talk) == (Phase.TALKING, SALES, True, False)
    assert (ben.phase, ben.service, ben.may_end) == (Phase.OFFERED, SUPPORT, False)
    assert waiting.talker == "anna"

    await world.talk(task)
    anna, ben = (await world.see(task)).sessions
    assert (anna.user, anna.phase, anna.service, anna.may_end) == ("anna", Phase.ACW, SALES, False)
    assert (anna.has_talked, anna.left_talk, anna.entries) == (True, True, Entries(("x",)))
    assert anna.acw is not None
    assert (ben.user, ben.phase, ben.service, ben.left_talk, ben.acw) == ("ben", Phase.TALKING, SUPPORT, False, None)

    await d.finish_acw(t, task, "anna", Via.CARD, at=world.now)
    await d.terminate(t, task, by="agent", actor="ben", via=Via.CARD, at=world.now)
    ended = await world.see(task)
    assert ended.state in {TaskState.ACW, TaskState.CLOSED}
    assert next(session.phase for session in ended.sessions) is Phase.OVER
