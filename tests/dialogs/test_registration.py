"""An agent's own chat with the bot: greeted once per registration, whatever Teams sends; `help` and `status`."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest
from botbuilder.core import TurnContext
from botbuilder.schema import Activity

from cards.wording import wording
from dialogs.registration import greeting, status
from dialogs.sdk import KEY, PersonalState, StoreStorage, TagConflict
from directory.model import User
from distribution.agents import Agent, Presence, Reason
from sandbox.world import read_world
from store.connection import Store
from store.keys import root
from tests.bots.house import SOON, WORLD, House, house, microsoft
from tests.sandbox.product import ANNA, SAMIR
from tests.support import wait_until


@pytest.fixture
async def home(store: Store, tmp_path: Path) -> AsyncIterator[House]:
    """The bot, at work."""
    async with microsoft(read_world(WORLD), tmp_path) as teams, house(store, teams) as made:
        yield made


async def said(home: House, person: str = ANNA) -> list[str]:
    return await home.said(home.core.chats.personal_id(person), person)


async def asked(home: House, text: str, person: str = ANNA) -> str:
    """What the bot answers to this."""
    before = len(await said(home, person))
    await home.writes(home.core.chats.personal_id(person), {"text": text}, person)

    async def answer() -> str:
        now = await said(home, person)
        return now[-1] if len(now) > before else ""

    return await wait_until(answer, SOON, f"an answer to {text!r}")


async def test_registration_is_kept_and_greeted_once_whatever_comes_twice(home: House) -> None:
    for kind in ("Bot.installationUpdate", "Bot.conversationUpdate"):
        await home.product.order({"operation": kind}, {"duplicate": True})
    await home.register(ANNA)
    registration = await home.directory.registration(home.tenant, ANNA)
    assert registration is not None
    assert registration.conversation_id == home.core.chats.personal_id(ANNA)
    assert registration.teams_user_id == home.core.people.teams_id(ANNA)
    for action in ("add", "add-upgrade"):
        answer = await home.raw(**home.activity(kind="installationUpdate", action=action))
        assert answer["status"] == 200
    assert [text.split(".")[0] for text in await said(home)] == ["Hello Anna"]
    again = await home.directory.registration(home.tenant, ANNA)
    assert again == registration


async def test_two_greetings_at_the_same_moment_are_one(home: House) -> None:
    await home.register(ANNA)
    await home.personal.forget(home.tenant, ANNA)
    before = len(await said(home))
    activities = [home.activity(kind="installationUpdate", action="add") for _ in range(8)]
    await asyncio.gather(*(home.raw(**activity) for activity in activities))
    assert len(await said(home)) == before + 1


async def test_unregistering_and_registering_again_greets_again(home: House) -> None:
    await home.register(ANNA)
    assert (await home.product.teams("POST", "/app/uninstall")).status == 200

    async def gone() -> bool:
        agent = await home.distributor.agent(home.tenant, ANNA)
        assert agent is not None
        talks = [key for key in await home.store.scan("*dialog:*") if ANNA in key]
        return await home.directory.registration(home.tenant, ANNA) is None and not agent.registered and not talks

    await wait_until(gone, SOON, "the end of the registration, for everybody")
    await home.product.teams("POST", "/app/install")

    async def greeted_again() -> bool:
        return len(await said(home)) == 2

    await wait_until(greeted_again, SOON, "a second greeting")


async def test_a_new_address_of_teams_is_kept(home: House) -> None:
    await home.register(ANNA)
    registration = await home.directory.registration(home.tenant, ANNA)
    assert registration is not None
    stale = replace(registration, service_url="https://old.example/")
    await home.directory.save_registration(stale)
    await asked(home, "help")
    assert await home.directory.registration(home.tenant, ANNA) == registration


async def test_help_is_the_answer_to_everything_but_status(home: House) -> None:
    await home.register(ANNA)
    for text in ("help", "?", "hello", "STATUS please"):
        assert "Chats for you arrive here as cards" in await asked(home, text)


async def test_status_says_whether_and_why_not(home: House) -> None:
    await home.register(ANNA)
    assert await asked(home, " Status ") == "You can be offered a chat now."
    await home.distributor.set_duty(home.tenant, ANNA, False, ANNA)
    assert "You cannot be offered a chat now:" in await asked(home, "status")
    assert "you are off duty" in await asked(home, "status")
    await home.directory.set_language(home.tenant, ANNA, "de")
    assert "Sie sind nicht im Dienst" in await asked(home, "status")
    assert "Chats für Sie kommen hier als Karten an" in await asked(home, "hilfe")


async def test_somebody_whom_the_directory_does_not_know_is_told_so(home: House) -> None:
    await home.product.personal_chat(SAMIR)
    await wait_until(lambda: said(home, SAMIR), SOON, "the greeting")
    assert "Your admin has not set you up" in (await said(home, SAMIR))[0]
    assert "Your admin has not set you up" in await asked(home, "status", SAMIR)


async def test_a_question_that_teams_repeats_is_answered_once(home: House) -> None:
    await home.register(ANNA)
    await home.product.order({"operation": "Bot.message"}, {"duplicate": True})
    await asked(home, "help")
    await asked(home, "status")
    assert len(await said(home)) == 3


async def test_a_dialog_whose_state_was_lost_answers_all_the_same(home: House) -> None:
    await home.register(ANNA)
    await home.personal.forget(home.tenant, ANNA)
    assert "Chats for you arrive here" in await asked(home, "help")
    assert len(await said(home)) == 2


async def test_state_is_saved_only_by_who_has_read_the_latest(store: Store, tenant: str) -> None:
    storage, key = StoreStorage(store), f"{tenant}:{ANNA}"
    assert await storage.read([key]) == {}
    await storage.write({key: {"seen": 1}})
    with pytest.raises(TagConflict):
        await storage.write({key: {"seen": "by somebody who thinks that it is new"}})
    first = (await storage.read([key]))[key]
    second = (await storage.read([key]))[key]
    await storage.write({key: {**first, "seen": 2}})
    with pytest.raises(TagConflict):
        await storage.write({key: {**second, "seen": 3}})
    kept = (await storage.read([key]))[key]
    assert kept["seen"] == 2
    with pytest.raises(TypeError, match="cannot be kept"):
        await storage.write({key: {**kept, "seen": object()}})
    await storage.delete([key])
    assert not await store.exists(f"{root(tenant)}dialog:{tenant}:{ANNA}")


async def test_a_turn_reads_its_state_once_so_that_nobody_elses_first_word_slips_in(store: Store, tenant: str) -> None:
    storage, key = StoreStorage(store), f"{tenant}:{ANNA}"
    context = TurnContext(object(), Activity(type="installationUpdate"))
    context.turn_state[KEY] = key
    state = PersonalState(storage)
    await state.load(context)
    await storage.write({key: {"greeted": "by another turn"}})
    await state.load(context)
    assert state.get(context) == {}
    state.get(context)["greeted"] = "by this turn"
    with pytest.raises(TagConflict):
        await state.save_changes(context)


def agent(reasons: Mapping[str, tuple[Reason, ...]], tasks: tuple[str, ...] = ()) -> Agent:
    return Agent(
        tenant="t",
        user=ANNA,
        revision=1,
        on_duty=True,
        presence=Presence.AVAILABLE,
        registered=True,
        surfaces=0,
        rona=False,
        rona_until_at=None,
        idle_since_at=0,
        tasks=tasks,
        reasons=reasons,
        selectable_for=tuple(service for service, against in reasons.items() if not against),
        levels={},
        unavailable="",
        wrapping={},
    )


def user(**more: object) -> User:
    given = {"id": ANNA, "upn": "anna@fabrikam.example", "name": "Anna Meier", "agent_of": ["a", "b"], **more}
    return User.model_validate(given)


NAMES = MappingProxyType({"a": "Advice", "b": "Orders & Delivery"})


def test_status_names_services_only_where_they_differ() -> None:
    words = wording("en")
    same = agent({"a": (Reason.AWAY,), "b": (Reason.AWAY,), "": (Reason.NOT_LICENSED,)})
    assert status(words, user(), same, NAMES) == ["You cannot be offered a chat now:", "– you are away in Teams"]
    one = agent({"a": (), "b": (Reason.INACTIVE, Reason.RONA)}, tasks=("t1",))
    assert status(words, user(), one, NAMES) == [
        "You can be offered a chat now.",
        "– Orders & Delivery: you are switched off for this service, you missed an offer; reset this in My Sessions",
        "Your open chats: 1.",
    ]
    direct = agent({"a": (Reason.AWAY,), "b": (Reason.AWAY,), "": (Reason.BUSY,)})
    assert "– Straight to you: you are busy in Teams" in status(words, user(interact_user=True), direct, NAMES)
    assert status(words, user(), None, NAMES) == [words("chat.not_known")]


def test_status_says_why_he_is_not_available_in_the_tenants_words() -> None:
    words = wording("en")
    out = replace(agent({"a": (Reason.NOT_AVAILABLE,), "b": (Reason.NOT_AVAILABLE,)}), unavailable="other-work")
    assert status(words, user(), out, NAMES, {"other-work": "Other work"})[1] == "– you are not available (Other work)"
    assert status(words, user(), out, NAMES)[1] == "– you are not available (other-work)", "a word that the list had"


def test_every_reason_has_its_words_in_every_language() -> None:
    for language in ("en", "de", "fr", "it"):
        for reason in Reason:
            assert wording(language)(f"reason.{reason}")


def test_somebody_without_a_first_name_is_greeted_too() -> None:
    assert greeting(wording("en"), user(name="Plato"))[0].startswith("Hello Plato.")
