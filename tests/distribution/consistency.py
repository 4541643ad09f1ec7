"""Whatever happened: do tasks, agents, queues, ready sets and deadlines still tell the same story?"""

from dataclasses import dataclass

from distribution.agents import Agent, Reason
from distribution.distributor import Distributor
from distribution.keys import agent_key, deadlines_key, lane_at, members_key, open_key, queue_key, task_key
from distribution.tasks import Task, TaskState
from distribution.vocabulary import ServiceKind
from store.connection import Store
from store.keys import root

HOLDS = {
    TaskState.OFFERED: "ringing", TaskState.CONNECTING: "talk", TaskState.ACTIVE: "talk", TaskState.ACW: "acw",
}  # fmt: skip
MOST_LEVELS = 3  # in tests
RUNNING = {TaskState.OFFERED, TaskState.CONNECTING, TaskState.ACTIVE}


@dataclass(frozen=True)
class Everything:
    """All that the store has of one tenant."""

    tasks: dict[str, Task]
    task_fields: dict[str, dict[str, str]]
    agents: dict[str, Agent]
    agent_fields: dict[str, dict[str, str]]
    services: dict[str, dict[str, str]]


async def read_everything(store: Store, tenant: str, now: int) -> Everything:
    distributor = Distributor(store)

    async def named(kind: str) -> list[str]:
        prefix = f"{root(tenant)}{kind}:{tenant}:"
        return sorted(key.removeprefix(prefix) for key in await store.scan(f"{prefix}*"))

    ids, users, services = await named("task"), await named("agent"), await named("rules")
    agents = {user: await distributor.agent(tenant, user, at=now) for user in users}
    tasks = {task: await distributor.task(tenant, task) for task in ids}
    return Everything(
        tasks={task: found for task, found in tasks.items() if found},
        task_fields={task: await store.hgetall(task_key(tenant, task)) for task in ids},
        agents={user: found for user, found in agents.items() if found},
        agent_fields={user: await store.hgetall(agent_key(tenant, user)) for user in users},
        services={service: await store.hgetall(f"{root(tenant)}rules:{tenant}:{service}") for service in services},
    )


async def faults(store: Store, tenant: str, now: int, *, virtual: bool = True) -> list[str]:
    """Sentences about everything that does not fit together at `now`; empty when all is well."""
    all_ = await read_everything(store, tenant, now)
    found = await _task_faults(store, tenant, all_, virtual=virtual)
    found += await _agent_faults(store, tenant, all_)
    return found + await _missed_matches(store, tenant, all_, now)


async def _task_faults(store: Store, tenant: str, all_: Everything, *, virtual: bool) -> list[str]:
    found: list[str] = []
    deadlines = set(await store.zrange(deadlines_key(tenant, virtual=virtual), 0, -1))
    for task in all_.tasks.values():
        lane = task.service or f"@{task.user}"
        home = all_.task_fields[task.id].get("home", "@")
        home = "" if home.startswith("@") else home
        for level in range(1, MOST_LEVELS + 1):
            stands = await store.zscore(queue_key(tenant, lane_at(lane, level)), task.id) is not None
            if stands is not (task.state is TaskState.QUEUED and level <= task.level):
                found.append(f"{task.id} is {task.state}, and its queue at level {level} says something else")
        if task.service:
            counted = await store.sismember(f"{root(tenant)}running:{tenant}:{task.service}", task.id)
            if counted is not (task.state in RUNNING or home == task.service):
                found.append(f"{task.id} is {task.state}, and the count of concurrent chats says something else")
        arriving = (await store.hgetall(f"{root(tenant)}arriving:{tenant}")).get(task.id)
        if (arriving is not None) is not (task.state is TaskState.ARRIVING) or arriving not in {
            None,
            task.service or "",
        }:
            found.append(f"{task.id} is {task.state}, and the list of arriving tasks says something else")
        closed = task.state is TaskState.CLOSED
        if (await store.zscore(open_key(tenant), task.id) is not None) is closed:
            found.append(f"{task.id} is {task.state}, and the list of open tasks says something else")
        if (await store.ttl(task_key(tenant, task.id)) is not None) is not closed:
            found.append(f"{task.id} is {task.state}, and its time to live does not fit")
        if closed is (f"task:{tenant}:{task.id}" in deadlines):
            found.append(f"{task.id} is {task.state}, and its deadline does not fit")
        if closed is not (task.outcome is not None and task.closed_at is not None) and task.state is not TaskState.ACW:
            found.append(f"{task.id} is {task.state} with outcome {task.outcome}")
        if home and not await store.sismember(f"{root(tenant)}running:{tenant}:{home}", task.id):
            found.append(f"{task.id} is handed on, and has no place in {home} to return to")
        holders = {task.agent} if task.agent and task.state in HOLDS else set(task.invited)
        if (task.state in HOLDS) is not bool(holders):
            found.append(f"{task.id} is {task.state} with {holders or 'nobody'}")
        for user, fields in all_.agent_fields.items():
            held = dict(part.split("=") for part in fields.get("held", "").split())
            wraps = dict(part.split("=") for part in fields.get("wraps", "").split())
            wraps_until = str(task.wraps[user].until_at) if user in task.wraps else None
            if wraps.get(task.id) != wraps_until:
                found.append(f"{user} wraps {task.id} up until {wraps.get(task.id)}, and it says {wraps_until}")
            wanted = HOLDS.get(task.state) if user in holders else None
            wanted = "talk" if user == task.holder else "acw" if task.id in wraps else wanted
            if held.get(task.id) != wanted:
                found.append(f"{task.id} is {task.state} with {holders}, and {user} holds {held}")
    return found


async def _agent_faults(store: Store, tenant: str, all_: Everything) -> list[str]:
    found: list[str] = []
    for user, agent in all_.agents.items():
        fields = all_.agent_fields[user]
        if unknown := set(agent.tasks) - set(all_.tasks):
            found.append(f"{user} holds {unknown}, which are not there")
        ready = set(fields.get("ready", "").split())
        # An agent who is only cut off keeps their place.
        free = {name for name, against in agent.reasons.items() if not set(against) - {Reason.TEAMS_UNREACHABLE}}
        if ready != {lane_at(service, agent.levels[service]) for service in free if service}:
            found.append(f"{user} stands ready for {ready}, with the reasons {agent.reasons} and levels {agent.levels}")
        for lane in (lane_at(service, level) for service in all_.services for level in range(1, MOST_LEVELS + 1)):
            stands = await store.zscore(f"{root(tenant)}ready:{tenant}:{lane}", user) is not None
            if stands is not (lane in ready):
                found.append(f"{user}: the ready set of {lane} and the agent do not agree")
        for service in all_.services:
            is_member = await store.zscore(members_key(tenant, service), user) is not None
            if service and is_member is not (service in agent.reasons):
                found.append(f"{user}: the members of {service} and the agent do not agree")
    return found


async def _missed_matches(store: Store, tenant: str, all_: Everything, now: int) -> list[str]:
    """Nobody waits while somebody could be asked."""
    found: list[str] = []
    for task in all_.tasks.values():
        if task.state is not TaskState.QUEUED:
            continue
        rules = all_.services[task.service or ""]
        if task.service and rules["kind"] == ServiceKind.PICKUP:
            continue
        if task.service:
            running = await store.smembers(f"{root(tenant)}running:{tenant}:{task.service}")
            if len(running) >= int(rules["concurrent"]):
                continue
        past = dict(part.split("=") for part in all_.task_fields[task.id].get("past", "").split())
        for user, agent in all_.agents.items():
            mine = (task.service or "") in agent.selectable_for and (task.service or task.user == user)
            mine = mine and agent.levels.get(task.service or "", 1) <= task.level
            again = int(past.get(user, "accepted:0:0").split(":")[1])
            asked = now < max(again, int(all_.task_fields[task.id].get("pause", "0")))
            if mine and not asked:
                found.append(f"{task.id} waits although {user} is free")
    return found
