"""Random days on which chats are handed on all the time: after every step everything still tells the same story."""

import random

import pytest

from distribution.agents import Presence
from distribution.tasks import Task, TaskState, Via
from tests.distribution.consistency import faults
from tests.distribution.world import SALES, SUPPORT, World

S = TaskState
USERS = ("anna", "ben", "cleo", "dora")
SERVICES = (SALES, SUPPORT)
STEPS = 150


async def happen(world: World, dice: random.Random, task: Task) -> None:
    """What may happen next to a task in its state."""
    d, t, at, id_ = world.distributor, world.tenant, world.now, task.id
    user = task.holder or task.agent or dice.choice(USERS)
    offer, invited = task.offer or "0", dice.choice(task.invited or USERS)
    what = {
        S.ARRIVING: ("queue",),
        S.QUEUED: ("take_back", "assign", "pick", "spoke", "spoke"),
        S.OFFERED: ("accept", "accept", "decline", "undelivered", "confirm", "take_back"),
        S.CONNECTING: (*["opened"] * 6, "failed", "take_back", "visitor"),
        S.ACTIVE: (*["transfer"] * 8, "agent", "spoke", "supervisor"),
        S.ACW: ("finish", "extend"),
        S.CLOSED: ("finish",),
    }[task.state]
    match dice.choice(what):
        case "queue":
            await d.queue(t, id_, at=at)
        case "transfer":
            aim = dice.choice((*SERVICES, *USERS))
            to_service, to_user = (aim, None) if aim in SERVICES else (None, aim)
            await d.transfer(t, id_, user, to_service=to_service, to_user=to_user, via=Via.ROOM, at=at)
        case "take_back":
            await d.take_back(t, id_, user, Via.ROOM, at=at)
        case "assign":
            await d.assign(t, id_, dice.choice(USERS), actor="boss", at=at)
        case "pick":
            await d.pick(t, id_, dice.choice(USERS), Via.CONSOLE, at=at)
        case "accept":
            await d.accept(t, id_, offer, invited, Via.CARD, at=at)
        case "decline":
            await d.decline(t, id_, offer, invited, Via.CARD, at=at)
        case "undelivered":
            await d.undelivered(t, id_, offer, invited, "blocked", at=at)
        case "confirm":
            await d.confirm_delivery(t, id_, offer, invited, Via.CARD, at=at)
        case "opened":
            await d.opened(t, id_, at=at)
        case "failed":
            await d.opening_failed(t, id_, "refused", at=at)
        case "spoke":
            await d.spoke(t, id_, "agent", who=task.talker or "", at=at)
        case "finish":
            await d.finish_acw(t, id_, dice.choice((user, *task.handed_on)), Via.CARD, at=at)
        case "extend":
            await d.extend_acw(t, id_, dice.choice((user, *task.handed_on)), Via.CARD, at=at)
        case by:
            await world.terminate(id_, by, user, Via.ROOM)


@pytest.mark.parametrize("seed", range(8))
async def test_a_day_of_handing_on(world: World, seed: int) -> None:
    dice = random.Random(seed)
    rules = {"acw_seconds": 20, "acw_extension_seconds": 30, "acw_extensions": 1, "agents_may_pick": True}
    await world.rules(SALES, **rules, concurrent=2)
    await world.rules(SUPPORT, **rules, concurrent=3)
    for user in USERS:
        services: dict[str, bool] = dict.fromkeys(dice.sample(list[str](SERVICES), dice.randint(1, 2)), True)
        await world.agent(user, services=services, capacity=dice.randint(1, 3))
    tasks: list[str] = []
    for step in range(STEPS):
        found = [await world.see(task) for task in tasks]
        alive = [task for task in found if task.state is not S.CLOSED]
        match dice.randrange(12):
            case 0 if len(alive) < 6:
                direct = dice.random() < 0.2
                tasks.append(await world.task(service=dice.choice(SERVICES), user="anna" if direct else None))
            case 1:
                await world.go(dice.choice([0.001, 1, 5, 10, 20, 30]))
            case 2:
                presence = dice.choice([*[Presence.AVAILABLE] * 5, Presence.OFFLINE])
                await world.presence(dice.choice(USERS), presence)
            case 3:
                user = dice.choice(USERS)
                await world.distributor.set_registered(world.tenant, user, registered=True, at=world.now)
                await world.presence(user, Presence.AVAILABLE)
            case _ if alive:
                await happen(world, dice, dice.choice([*alive, *[task for task in alive if task.holder] * 6]))
            case _:
                tasks.append(await world.task(service=dice.choice(SERVICES)))
        assert await faults(world.store, world.tenant, world.now) == [], f"seed {seed}, step {step}"
    seen = {entry["e"] for entry in await world.journal()}
    assert {"transferred", "returned"} <= seen, seen
