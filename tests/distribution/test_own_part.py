"""After a hand-over each agent has their own part of the task: ACW, entries, the service for which they had it."""

from distribution.agents import Reason
from distribution.tasks import TaskState, Via
from distribution.user_session import Acw, Entries
from distribution.verdicts import Verdict
from tests.distribution.handing import hand_on, talking
from tests.distribution.world import SALES, SUPPORT, World

S = TaskState


async def test_who_handed_on_has_acw_of_his_own(world: World) -> None:
    d, t = world.distributor, world.tenant
    task = await talking(world, "ben")
    await hand_on(world, task)
    await world.talk(task)
    assert (await world.look("anna")).wrapping == {task: world.now + 20_000}
    assert await world.against("anna") == (Reason.ACW,)
    assert (await d.save_wrapup(t, task, "anna", codes=["x"], tags=[], note="", at=world.now)).ok
    longer = await d.extend_acw(t, task, "anna", Via.CARD, at=world.now)
    assert longer.verdict is Verdict.OK
    assert (await world.look("anna")).wrapping == {task: world.now + 30_000}
    assert (await d.extend_acw(t, task, "anna", Via.CARD, at=world.now)).why == "no_extension"
    await world.go(29.999)
    assert await world.against("anna") == (Reason.ACW,)
    await world.go(0.001)
    assert await world.against("anna") == ()
    assert (await world.look("anna")).wrapping == {}
    assert (await world.see(task)).state is S.ACTIVE
    late = [
        (await d.finish_acw(t, task, "anna", Via.CARD, at=world.now)).verdict,
        (await d.extend_acw(t, task, "anna", Via.CARD, at=world.now)).verdict,
        (await d.save_wrapup(t, task, "anna", codes=["y"], tags=[], note="", at=world.now)).verdict,
    ]
    assert late == [Verdict.UNCHANGED, Verdict.WRONG_STATE, Verdict.WRONG_STATE]


async def test_each_of_them_keeps_their_own_entries(world: World) -> None:
    d, t = world.distributor, world.tenant

    async def notes(task: str, user: str, note: str) -> Verdict:
        return (await d.save_wrapup(t, task, user, codes=[f"{user}s"], tags=[], note=note, at=world.now)).verdict

    async def noted(task: str) -> tuple[Entries, Entries]:
        found = await world.see(task)
        return found.entries_of("anna"), found.entries_of("ben")

    task = await talking(world, "ben")
    await world.rules(SUPPORT, acw_seconds=60)
    assert await notes(task, "anna", "a rose") is Verdict.OK
    await hand_on(world, task)
    annas = Entries(("annas",), (), "a rose")
    assert await noted(task) == (annas, Entries()), "Anna has it until Ben is in it"
    await world.talk(task)
    assert await noted(task) == (annas, Entries())
    assert await notes(task, "ben", 'a "tulip"') is Verdict.OK
    assert await notes(task, "anna", "a rose, then") is Verdict.OK
    assert await notes(task, "anna", "a rose, then") is Verdict.UNCHANGED
    annas, bens = Entries(("annas",), (), "a rose, then"), Entries(("bens",), (), 'a "tulip"')
    assert await noted(task) == (annas, bens)
    assert (await d.finish_acw(t, task, "anna", Via.CARD, at=world.now)).ok

    assert (await d.transfer(t, task, "ben", to_user="anna", via=Via.ROOM, at=world.now)).ok
    assert await noted(task) == (annas, bens)
    await world.talk(task)
    assert await noted(task) == (annas, bens)
    assert await notes(task, "anna", "both") is Verdict.OK
    await world.terminate(task, "agent", "anna", Via.ROOM)
    assert (await d.save_wrapup(t, task, "ben", codes=[], tags=[], note="", at=world.now)).ok
    found = await world.see(task)
    assert (found.note, await noted(task)) == ("both", (Entries(("annas",), (), "both"), Entries()))
    assert found.noted == {}, "nothing is left of what is empty"


async def test_each_has_after_call_work_of_his_own_service(world: World) -> None:
    d, t = world.distributor, world.tenant
    task = await talking(world, "ben")
    await hand_on(world, task)
    await world.talk(task)
    begun = world.now
    await world.go(5)
    await world.terminate(task, "agent", "ben", Via.ROOM)
    found = await world.see(task)
    assert found.acw_of("anna") == Acw(begun + 20_000, 0)
    assert found.service_for("anna") == SALES
    assert (await d.extend_acw(t, task, "anna", Via.CARD, at=world.now)).ok
    found = await world.see(task)
    extended = (await world.look("anna")).wrapping[task]
    assert found.acw_of("anna") == Acw(extended, 1)
    assert extended > begun + 20_000
    assert found.acw_of("cleo") is None


async def test_each_of_them_has_it_for_a_service_of_his_own(world: World) -> None:
    async def services(task: str) -> tuple[str | None, ...]:
        found = await world.see(task)
        return tuple(found.service_for(user) for user in ("anna", "ben"))

    task = await talking(world, "ben")
    await hand_on(world, task)
    assert await services(task) == (SALES, SUPPORT)
    await world.accept(task)
    assert await services(task) == (SALES, SUPPORT)
    await world.opened(task)
    assert await services(task) == (SALES, SUPPORT)
    await world.terminate(task, "agent", "ben", Via.ROOM)
    await world.go(20)
    assert await services(task) == (SALES, SUPPORT)

    back = await talking(world, "ben")
    await hand_on(world, back)
    await world.talk(back)
    assert (await world.distributor.finish_acw(world.tenant, back, "anna", Via.CARD, at=world.now)).ok
    assert (await hand_on(world, back, "ben", to_user="anna")).ok
    assert await services(back) == (SUPPORT, SUPPORT)
    await world.talk(back)
    assert await services(back) == (SUPPORT, SUPPORT)


async def test_his_acw_can_end_early_and_outlives_the_chat(world: World) -> None:
    d, t = world.distributor, world.tenant
    task = await talking(world, "ben")
    await hand_on(world, task)
    await world.talk(task)
    await world.terminate(task, "agent", "ben", Via.ROOM)
    assert (await world.see(task)).state is S.CLOSED
    assert await world.against("anna") == (Reason.ACW,)
    assert (await d.save_wrapup(t, task, "anna", codes=["x"], tags=[], note="", at=world.now)).ok
    waiting = await world.task()
    assert (await d.finish_acw(t, task, "anna", Via.CARD, at=world.now)).verdict is Verdict.OK
    assert await world.invited(waiting) == "anna"
    past = [found.id for found in await d.past_tasks(t, "anna")]
    assert past == [task]


async def test_without_acw_he_is_free_at_once(world: World) -> None:
    task = await talking(world, "ben", acw_seconds=0)
    await hand_on(world, task)
    await world.talk(task)
    assert await world.against("anna") == ()
