"""The directory as other rooms read it: widgets, preconditions, registrations, preferences, the first admin."""

import asyncio
import json
from collections.abc import Callable

import pytest

from directory.directory import BadPreference, Directory
from directory.load import apply
from directory.model import Licences, Missing, Registration, Service, Tenant, User, WidgetTarget
from directory.preconditions import missing_for_service, missing_for_user
from directory.widget_keys import derived_key, widget_key
from distribution.agents import Reason
from distribution.distributor import Distributor
from distribution.verdicts import Verdict
from store.connection import Store, StoreDown
from store.doorbells import Bell, Doorbells
from store.due import Subject
from store.keys import root
from tests.directory.companies import ANNA, BEN, GARDEN, ORDERS, company, entra, head, oid
from tests.support import wait_until


@pytest.fixture
async def example(directory: Directory, tenant: str) -> str:
    """A tenant with a service, an agent of it, and a user with a personal widget."""
    await apply(directory, company(head(tenant), GARDEN, ORDERS, ANNA, BEN), resolve_upn=entra)
    return tenant


def registration(tenant: str, user: str) -> Registration:
    return Registration(tenant, user, "https://smba.example.com/emea/", "a:1", "28:bot", "29:x", 1_700_000_000_000)


# Widgets.


async def test_a_key_leads_to_a_service_or_to_a_user(directory: Directory, example: str) -> None:
    assert await directory.widget(await directory.service_widget(example, "garden")) == WidgetTarget(
        example, "garden", None
    )
    assert await directory.widget(await directory.user_widget(example, oid("ben"))) == WidgetTarget(
        example, None, oid("ben")
    )
    assert await directory.widget(await directory.user_widget(example, oid("anna"))) is None
    assert await directory.widget("wnobody") is None


async def test_keys_are_short_random_and_stay(directory: Directory, store: Store, tenant: str) -> None:
    asked = [(tenant, kind, name) for kind in ("service", "user") for name in ("x", "y")]
    keys = [await widget_key(store, *one) for one in asked]
    assert len(set(keys)) == 4
    assert all(len(key) == 16 and key[0] == "w" and key.isalnum() and key.islower() for key in keys)
    # Websites carry them: they stay. And nobody computes one from a tenant and a name.
    assert [await widget_key(store, *one) for one in asked] == keys
    assert not set(keys) & {derived_key(*one) for one in asked}
    assert len({*await asyncio.gather(*(widget_key(store, tenant, "service", "z") for _ in range(8)))}) == 1


async def test_a_widget_of_an_earlier_release_keeps_its_key(directory: Directory, store: Store, tenant: str) -> None:
    assert derived_key("5f1c0f3e-8f4a-4f0e-9b7e-2d6a1c3b4e5f", "service", "garden-advice") == "wcsyel0hsy1zv18l"
    old = derived_key(tenant, "service", "garden")
    await store.set(f"usher:{{all}}:widget:{old}", json.dumps({"tenant": tenant, "service": "garden"}))
    await apply(directory, company(head(tenant), GARDEN, ANNA), resolve_upn=entra)
    assert await directory.service_widget(tenant, "garden") == old
    assert await directory.widget(old) == WidgetTarget(tenant, "garden", None)


# Preconditions.

TENANT = Tenant(id="5f1c0f3e-8f4a-4f0e-9b7e-2d6a1c3b4e5f", name="Example", licences=Licences())
SERVICE = Service(id="garden", name="Garden", contact_center=True, interact=True)
USER = User(
    id="5f1c0f3e-8f4a-4f0e-9b7e-2d6a1c3b4e5f",
    upn="a@example.com",
    name="Ann",
    instant_messaging=True,
    interact_user=True,
)
TENANT_OFF = Missing("tenant_im_off", "Instant Messaging is switched off for Example.")


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (lambda: missing_for_service(TENANT, SERVICE, has_agents=True), []),
        (lambda: missing_for_user(TENANT, USER), []),
        (
            lambda: missing_for_service(TENANT, None, has_agents=True),
            [Missing("no_such_service", "This service does not exist.")],
        ),
        (lambda: missing_for_user(TENANT, None), [Missing("no_such_user", "This user does not exist.")]),
        (
            lambda: missing_for_service(
                TENANT.model_copy(update={"instant_messaging": False}),
                SERVICE.model_copy(update={"instant_messaging": False, "contact_center": False, "interact": False}),
                has_agents=False,
            ),
            [
                TENANT_OFF,
                Missing("service_im_off", "Instant Messaging is switched off for Garden."),
                Missing("no_contact_center", "Garden has no Contact Center licence."),
                Missing("no_interact_service", "Garden has no Interact Service licence."),
                Missing("no_agents", "No agent of Garden has the Instant Messaging modality."),
            ],
        ),
        (
            lambda: missing_for_user(
                TENANT.model_copy(update={"instant_messaging": False}),
                USER.model_copy(update={"instant_messaging": False, "interact_user": False}),
            ),
            [
                TENANT_OFF,
                Missing("no_interact_user", "Ann has no Interact User licence."),
                Missing("no_im", "Ann does not have the Instant Messaging modality."),
            ],
        ),
    ],
)
def test_what_is_missing_is_said_in_words(found: Callable[[], list[Missing]], expected: list[Missing]) -> None:
    assert found() == expected


async def test_what_is_missing_is_what_the_store_says(directory: Directory, example: str) -> None:
    assert await directory.missing_for(example, service="garden") == []
    assert await directory.missing_for(example, user=oid("ben")) == []
    assert [one.code for one in await directory.missing_for(example, service="orders")] == ["no_agents"]
    assert [one.code for one in await directory.missing_for(example, service="none")] == ["no_such_service"]
    assert [one.code for one in await directory.missing_for(example, user=oid("anna"))] == ["no_interact_user"]
    assert [one.code for one in await directory.missing_for(example, user=oid("zoe"))] == ["no_such_user"]


async def test_agents_without_the_modality_do_not_count(directory: Directory, example: str) -> None:
    eve = '[[users]]\nuser = "eve@example.com"\nservices = ["orders"]\n'
    await apply(directory, company(head(example), eve), resolve_upn=entra)
    assert [one.code for one in await directory.missing_for(example, service="orders")] == ["no_agents"]
    await apply(directory, company(head(example), eve + "instant_messaging = true"), resolve_upn=entra)
    assert await directory.missing_for(example, service="orders") == []
    await apply(directory, company(head(example), eve + "instant_messaging = false"), resolve_upn=entra)
    assert [one.code for one in await directory.missing_for(example, service="orders")] == ["no_agents"]


# The people that the bot can reach.


async def test_a_registration_is_kept_and_the_distributor_told(
    directory: Directory, distributor: Distributor, example: str
) -> None:
    assert await directory.registration(example, oid("anna")) is None
    await directory.save_registration(registration(example, oid("anna")))
    assert await directory.registration(example, oid("anna")) == registration(example, oid("anna"))
    assert await directory.service_url(example) == "https://smba.example.com/emea/"
    agent = await distributor.agent(example, oid("anna"))
    assert agent is not None
    assert agent.registered
    assert await directory.drop_registration(example, oid("anna"))
    assert not await directory.drop_registration(example, oid("anna"))
    agent = await distributor.agent(example, oid("anna"))
    assert agent is not None
    assert not agent.registered
    assert Reason.UNREACHABLE in agent.reasons["garden"]


async def test_a_registration_that_the_distributor_was_not_told_of_is_told_later(
    directory: Directory, distributor: Distributor, example: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process dies in between; nobody would ever be told again, for the registration is written already."""

    async def fail(*_args: object, **_more: object) -> None:
        raise StoreDown("gone")

    with monkeypatch.context() as broken:
        broken.setattr(distributor, "set_registered", fail)
        with pytest.raises(StoreDown):
            await directory.save_registration(registration(example, oid("anna")))
    await directory.handle_projection(Subject("directory", example, ()))
    agent = await distributor.agent(example, oid("anna"))
    assert agent is not None
    assert agent.registered


async def test_a_load_that_read_before_a_registration_does_not_undo_it(
    directory: Directory, distributor: Distributor, example: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = distributor.set_registered
    reached, go_on = asyncio.Event(), asyncio.Event()

    async def slow(tenant: str, user: str, registered: bool, *, at: int = 0) -> Verdict:
        if not registered:
            reached.set()
            await go_on.wait()
        return await original(tenant, user, registered, at=at)

    monkeypatch.setattr(distributor, "set_registered", slow)
    changed = ANNA.replace("instant_messaging = true", "instant_messaging = true\ncapacity = 2")
    load = asyncio.create_task(apply(directory, company(head(example), changed), resolve_upn=entra))
    await wait_until(reached.is_set, 5, "the load, which has read that she is not registered")
    await directory.save_registration(registration(example, oid("anna")))
    go_on.set()
    await load
    agent = await distributor.agent(example, oid("anna"))
    assert agent is not None
    assert agent.registered


async def test_somebody_may_register_before_he_is_an_agent(
    directory: Directory, distributor: Distributor, example: str
) -> None:
    await directory.save_registration(registration(example, oid("eve")))
    eve = '[[users]]\nuser = "eve@example.com"\ninstant_messaging = true\nservices = ["orders"]\n'
    await apply(directory, company(head(example), eve), resolve_upn=entra)
    agent = await distributor.agent(example, oid("eve"))
    assert agent is not None
    assert agent.registered


# What a user chooses.


async def test_preferences_are_the_users_own(directory: Directory, example: str) -> None:
    ben = await directory.user(example, oid("ben"))
    assert ben is not None
    assert (ben.language, ben.theme, ben.notifications) == ("de", "teams", False)
    await directory.set_language(example, oid("ben"), "fr")
    await directory.set_theme(example, oid("ben"), "dark")
    await directory.set_notifications(example, oid("ben"), True)
    await apply(directory, company(head(example), BEN), resolve_upn=entra)
    ben = await directory.user(example, oid("ben"))
    assert ben is not None
    assert (ben.language, ben.theme, ben.notifications) == ("fr", "dark", True)
    by_name = {user.name: user.language for user in await directory.users(example)}
    assert by_name == {"Anna": "de", "Ben": "fr"}


async def test_a_language_or_theme_that_does_not_exist_is_refused(directory: Directory, example: str) -> None:
    with pytest.raises(BadPreference, match="must be one of en, de, fr, it"):
        await directory.set_language(example, oid("ben"), "xx")
    with pytest.raises(BadPreference, match="must be one of light, dark, system, teams"):
        await directory.set_theme(example, oid("ben"), "pink")


async def test_an_agent_takes_part_in_a_service_or_not(
    directory: Directory, distributor: Distributor, example: str
) -> None:
    assert await directory.set_active(example, oid("anna"), "garden", False)
    agent = await distributor.agent(example, oid("anna"))
    assert agent is not None
    assert Reason.INACTIVE in agent.reasons["garden"]
    # Loading the company again does not touch that.
    await apply(directory, company(head(example), GARDEN, ANNA), resolve_upn=entra)
    agent = await distributor.agent(example, oid("anna"))
    assert agent is not None
    assert Reason.INACTIVE in agent.reasons["garden"]
    assert await directory.set_active(example, oid("anna"), "garden", True)
    agent = await distributor.agent(example, oid("anna"))
    assert agent is not None
    assert Reason.INACTIVE not in agent.reasons["garden"]
    assert not await directory.set_active(example, oid("anna"), "orders", True)


# The first admin.


async def test_the_first_admin_comes_into_a_tenant_that_nobody_loaded(directory: Directory, tenant: str) -> None:
    assert await directory.awaits_first_admin(tenant)
    made = [await directory.grant_first_admin(tenant, oid("olivia"), "olivia@example.com", "Olivia") for _ in range(2)]
    assert made == [True, False]
    assert not await directory.awaits_first_admin(tenant)
    found = await directory.user(tenant, oid("olivia"))
    assert found is not None
    assert (found.roles, found.name) == (("admin",), "Olivia")
    assert [one.name for one in await directory.tenants() if one.id == tenant] == ["example.com"]


async def test_the_first_admin_keeps_what_he_has_and_a_load_does_not_take_it_away(
    directory: Directory, example: str
) -> None:
    await directory.grant_first_admin(example, oid("anna"), "anna@example.com", "Somebody else")
    await apply(directory, company(head(example), GARDEN, ANNA), resolve_upn=entra)
    found = await directory.user(example, oid("anna"))
    assert found is not None
    assert (found.name, found.roles, list(found.services)) == ("Anna", ("admin", "agent"), ["garden"])


async def test_granting_again_changes_nothing(directory: Directory, store: Store, example: str) -> None:
    await directory.grant_first_admin(example, oid("anna"), "anna@example.com", "Anna")
    version = await store.hget(f"{root(example)}tenant:{example}", "version")
    await directory.grant_first_admin(example, oid("anna"), "anna@example.com", "Anna")
    assert await store.hget(f"{root(example)}tenant:{example}", "version") == version


# Reading.


async def test_who_is_not_there_is_none(directory: Directory, tenant: str) -> None:
    assert await directory.tenant(tenant) is None
    assert await directory.service(tenant, "garden") is None
    assert await directory.user(tenant, oid("anna")) is None
    assert await directory.user_by_upn(tenant, "anna@example.com") is None
    assert await directory.services(tenant) == []
    assert await directory.users(tenant) == []
    assert await directory.service_url(tenant) is None


async def test_the_latest_address_of_teams_counts_whichever_replica_heard_it(
    directory: Directory, store: Store, example: str
) -> None:
    """Nothing is remembered: another process may have learned another address, or a failover may have lost it."""
    other = Directory(store, Distributor(store))
    old, new = "https://smba.example.com/emea/", "https://smba.example.com/uk/"
    await directory.learn_service_url(example, old)
    await other.learn_service_url(example, new)
    await directory.learn_service_url(example, old)
    assert await other.service_url(example) == old
    await store.delete(f"{root(example)}service-url:{example}")
    await directory.learn_service_url(example, old)
    assert await other.service_url(example) == old


async def test_every_change_rings(directory: Directory, store: Store, example: str) -> None:
    doorbells = Doorbells(store)
    hearing = asyncio.create_task(doorbells.run())
    heard: list[Bell] = []
    doorbells.listen("directory", heard.append)
    await wait_until(lambda: heard, 5, "the first look")
    changes = (
        lambda: directory.set_language(example, oid("ben"), "it"),
        lambda: directory.set_active(example, oid("anna"), "garden", False),
        lambda: directory.save_registration(registration(example, oid("anna"))),
        lambda: directory.drop_registration(example, oid("anna")),
    )
    for change in changes:
        heard.clear()
        await change()
        await wait_until(lambda: any(bell.tenant == example for bell in heard), 5, "the bell")
    hearing.cancel()
    await asyncio.gather(hearing, return_exceptions=True)
