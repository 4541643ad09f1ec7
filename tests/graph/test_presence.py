"""Everybody's presence reaches the distributor, asked for by one replica at a time."""

import asyncio

import pytest

from directory.directory import Directory
from distribution.agents import Presence, Reason
from distribution.distributor import Distributor
from graph.client import GraphClient
from graph.presence import PresencePoller, presence_of
from store.connection import Store
from store.doorbells import Doorbells
from store.keys import ALL, root
from tests.graph.desk import furnish
from tests.graph.microsoft import ALL_GRANTED, TENANT, Microsoft
from tests.support import wait_until


@pytest.fixture
async def people(microsoft: Microsoft) -> list[str]:
    return [await microsoft.person("Anna Meier"), await microsoft.person("Ben Okafor")]


@pytest.fixture
async def directory(store: Store, graph: GraphClient, people: list[str]) -> Directory:
    return (await furnish(store, graph, *people)).directory


def poller(store: Store, graph: GraphClient, directory: Directory) -> PresencePoller:
    return PresencePoller(
        graph=graph, store=store, distributor=Distributor(store), directory=directory, doorbells=Doorbells(store)
    )


async def presence(store: Store, user: str) -> Presence:
    agent = await Distributor(store).agent(TENANT, user)
    assert agent is not None
    return agent.presence


async def set_presence(microsoft: Microsoft, user: str, availability: str) -> None:
    url = f"{microsoft.http}/teams/api/{user}/presence"
    async with microsoft.session.post(url, json={"availability": availability}) as answer:
        assert answer.status < 300, await answer.text()


async def test_presence_in_teams_is_presence_here(
    store: Store, graph: GraphClient, directory: Directory, microsoft: Microsoft, people: list[str]
) -> None:
    await set_presence(microsoft, people[0], "Available")
    await set_presence(microsoft, people[1], "Busy")
    asking = poller(store, graph, directory)
    await asking.poll()
    assert [await presence(store, user) for user in people] == [Presence.AVAILABLE, Presence.BUSY]
    await set_presence(microsoft, people[0], "Offline")
    await asking.poll()
    assert await presence(store, people[0]) is Presence.OFFLINE
    assert len(await microsoft.calls("Presence.GetMany")) == 2  # one call for all, each time


async def test_the_loop_asks_by_itself(
    store: Store, graph: GraphClient, directory: Directory, microsoft: Microsoft, people: list[str]
) -> None:
    await set_presence(microsoft, people[0], "Available")
    running = asyncio.create_task(poller(store, graph, directory).run())
    try:

        async def known() -> bool:
            return await presence(store, people[0]) is Presence.AVAILABLE

        await wait_until(known, 5, "presence reaching the distributor")
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_somebody_new_is_asked_for_at_once(
    store: Store, graph: GraphClient, directory: Directory, microsoft: Microsoft, people: list[str]
) -> None:
    """Half a minute as "offline" is long for somebody who has just been loaded or registered."""
    doorbells = Doorbells(store)
    asking = PresencePoller(
        graph=graph, store=store, distributor=Distributor(store), directory=directory, doorbells=doorbells
    )
    running = [asyncio.create_task(doorbells.run()), asyncio.create_task(asking.run())]

    async def is_(word: Presence) -> bool:
        return await presence(store, people[0]) is word

    try:
        await doorbells.connected()
        await wait_until(lambda: is_(Presence.AVAILABLE), 5, "the first round")
        await set_presence(microsoft, people[0], "Busy")
        await store.publish(f"{root(TENANT)}bell", f"directory {TENANT} - 0")
        await wait_until(lambda: is_(Presence.BUSY), 10, "a round because the directory has changed")
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
    assert await store.get(f"{ALL}presence:lease") is None, "whoever stops lets another one ask"


async def test_one_replica_asks_and_another_takes_over(store: Store, graph: GraphClient, directory: Directory) -> None:
    first, second = poller(store, graph, directory), poller(store, graph, directory)
    assert [await first.holds_lease(), await second.holds_lease(), await first.holds_lease()] == [True, False, True]
    await store.delete(f"{ALL}presence:lease")  # as Redis does when the first one dies
    assert [await second.holds_lease(), await first.holds_lease()] == [True, False]


async def test_while_graph_refuses_the_last_presence_stays(
    store: Store, graph: GraphClient, directory: Directory, microsoft: Microsoft, people: list[str]
) -> None:
    asking = poller(store, graph, directory)
    await set_presence(microsoft, people[0], "Available")
    await asking.poll()
    await microsoft.control("POST", "consent", granted=[name for name in ALL_GRANTED if name != "Presence.Read.All"])
    graph.tenant(TENANT).forget_token()
    await set_presence(microsoft, people[0], "Busy")
    await asking.poll()
    assert await presence(store, people[0]) is Presence.AVAILABLE


async def against(store: Store, user: str) -> tuple[Reason, ...]:
    agent = await Distributor(store).agent(TENANT, user)
    assert agent is not None
    return agent.reasons["garden-advice"]


async def test_somebody_deleted_in_entra_is_not_selectable_until_restored(
    store: Store, graph: GraphClient, directory: Directory, microsoft: Microsoft, people: list[str]
) -> None:
    anna, ben = people
    heard: list[str] = []

    async def user_gone(_tenant: str, user: str) -> None:
        heard.append(user)

    asking = PresencePoller(
        graph=graph, store=store, distributor=Distributor(store), directory=directory, doorbells=Doorbells(store),
        user_gone=user_gone,
    )  # fmt: skip
    await microsoft.control("POST", "users/delete", user=anna)
    await asking.poll()
    assert Reason.DELETED in await against(store, anna)
    assert (await presence(store, ben), heard) == (Presence.AVAILABLE, [anna])
    await microsoft.control("POST", "users/delete", user=anna, restore=True)
    await asking.poll()
    assert (await presence(store, anna), heard) == (Presence.AVAILABLE, [anna])


@pytest.mark.parametrize("fault", [{"status": 404, "code": "NotFound"}, {"status": 503}, {"status": 403}])
async def test_one_ambiguous_answer_deletes_nobody(
    store: Store,
    graph: GraphClient,
    directory: Directory,
    microsoft: Microsoft,
    people: list[str],
    fault: dict[str, int],
) -> None:
    asking = poller(store, graph, directory)
    await asking.poll()
    await microsoft.control("POST", "users/delete", user=people[0])
    await microsoft.fault("Users.Get", times=None, **fault)
    await asking.poll()
    assert await presence(store, people[0]) is Presence.AVAILABLE
    await microsoft.control("DELETE", "faults")
    await asking.poll()
    assert await presence(store, people[0]) is Presence.DELETED


async def test_a_question_refused_for_one_of_many_is_asked_about_each(
    store: Store, graph: GraphClient, directory: Directory, microsoft: Microsoft, people: list[str]
) -> None:
    """Nobody's presence is lost because one of the ids is unknown; and a 404 alone deletes nobody."""
    await microsoft.fault("Presence.GetMany", times=1, status=404, code="NotFound")
    asking = poller(store, graph, directory)
    await asking.poll()
    assert [await presence(store, user) for user in people] == [Presence.AVAILABLE] * 2


async def test_who_is_in_entra_but_unknown_to_teams_is_asked_for_rarely(
    store: Store, graph: GraphClient, directory: Directory, microsoft: Microsoft, people: list[str]
) -> None:
    await set_presence(microsoft, people[0], "PresenceUnknown")
    asking = poller(store, graph, directory)
    before = len(await microsoft.calls("Users.Get"))
    await asking.poll()
    await asking.poll()
    assert len(await microsoft.calls("Users.Get")) == before + 1


@pytest.mark.parametrize(
    ("word", "known"),
    [
        ("Available", Presence.AVAILABLE),
        ("AvailableIdle", Presence.AVAILABLE),
        ("BusyIdle", Presence.BUSY),
        ("InAMeeting", Presence.IN_A_MEETING),
        ("HavingLunch", Presence.UNKNOWN),
        ("Deleted", Presence.UNKNOWN),
        ("", Presence.UNKNOWN),
    ],
)
def test_words_that_microsoft_invents_are_unknown(word: str, known: Presence) -> None:
    assert presence_of(word) is known
