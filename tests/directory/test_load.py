"""Loading a company: merged with what is there, all of it or nothing, and carried to the distributor."""

import asyncio
from collections.abc import Mapping

import pytest

from directory import load
from directory.directory import Directory
from directory.load import LoadErrors, LoadReport, apply
from directory.model import Membership, User
from distribution.agents import Reason
from distribution.distributor import Distributor
from distribution.service_rules import ServiceRules
from store.connection import Store, StoreDown
from store.due import Subject
from store.keys import root
from tests.directory.companies import ANNA, BEN, GARDEN, ORDERS, Person, company, entra, head, nobody, oid
from tests.support import wait_until


async def put(directory: Directory, *parts: str) -> LoadReport:
    return await apply(directory, company(*parts), resolve_upn=entra)


async def refused(directory: Directory, *parts: str) -> list[str]:
    with pytest.raises(LoadErrors) as caught:
        await put(directory, *parts)
    return [f"{error.field} {error.message}" for error in caught.value.errors]


async def everything(store: Store, tenant: str) -> Mapping[str, object]:
    """All keys of the tenant, except for its journal and clock."""
    names = await store.scan(f"*{tenant}*")
    hashes = [name for name in names if ":tenant:" in name or ":services:" in name or ":users:" in name]
    return {"names": sorted(names), **{name: await store.hgetall(name) for name in sorted(hashes)}}


async def user(directory: Directory, tenant: str, name: str) -> User:
    found = await directory.user(tenant, oid(name))
    assert found is not None
    return found


async def reasons(distributor: Distributor, tenant: str, name: str, service: str) -> set[Reason]:
    found = await distributor.agent(tenant, oid(name))
    assert found is not None
    # Nobody here has a presence, a bot or an open page.
    return set(found.reasons[service]) - {Reason.OFFLINE, Reason.UNREACHABLE}


async def test_a_company_is_there_when_it_was_loaded(directory: Directory, tenant: str) -> None:
    report = await put(directory, head(tenant), GARDEN, ANNA, BEN)
    assert (report.services, report.users, report.changed) == (1, 2, True)
    assert [(widget.kind, widget.name) for widget in report.widgets] == [("service", "Garden Advice"), ("user", "Ben")]
    assert report.as_json()["widgets"][0] == {
        "name": "Garden Advice",
        "key": await directory.service_widget(tenant, "garden"),
        "kind": "service",
        "id": "garden",
    }
    found = await directory.tenant(tenant)
    assert found is not None
    assert (found.name, found.licences.contact_center, found.im_enabled) == ("Example", 5, True)
    anna = await user(directory, tenant, "anna")
    assert (anna.upn, anna.name, anna.im, anna.interact, anna.language) == (
        "anna@example.com",
        "Anna",
        True,
        False,
        "de",
    )
    assert anna.services == {"garden": Membership("agent", agent=True, active=True)}
    assert [one.name for one in await directory.members(tenant, "garden")] == ["Anna"]


async def test_the_distributor_knows_it_at_once(directory: Directory, distributor: Distributor, tenant: str) -> None:
    await put(directory, head(tenant), GARDEN, ANNA, BEN)
    assert await reasons(distributor, tenant, "anna", "garden") == set()
    assert await reasons(distributor, tenant, "anna", "") == {Reason.NOT_LICENSED}
    assert await reasons(distributor, tenant, "ben", "") == set()
    assert [agent.user for agent in await distributor.agents(tenant, "garden")] == [oid("anna")]


async def test_loading_again_changes_nothing(directory: Directory, store: Store, tenant: str) -> None:
    parts = (head(tenant), GARDEN, ORDERS, ANNA, BEN)
    await put(directory, *parts)
    before = await everything(store, tenant)
    journal = await store.xrange(f"{root(tenant)}journal:{tenant}")
    again = await put(directory, *parts)
    assert not again.changed
    assert await everything(store, tenant) == before
    assert await store.xrange(f"{root(tenant)}journal:{tenant}") == journal


async def test_what_a_later_file_leaves_out_is_kept(directory: Directory, tenant: str) -> None:
    await put(directory, head(tenant), GARDEN, ORDERS, ANNA, BEN)
    service = '[[services]]\nid = "garden"\nname = "Garden & Balcony"\n[services.widget]\ngreeting = "Hi."'
    await put(directory, f'[tenant]\nid = "{tenant}"\nname = "Example"\n', service)
    garden = await directory.service(tenant, "garden")
    assert garden is not None
    assert garden.widget is not None
    assert (garden.name, garden.offer_seconds, garden.tags, garden.contact_center) == (
        "Garden & Balcony",
        30,
        ["urgent"],
        True,
    )
    assert (garden.widget.greeting, garden.widget.origins) == ("Hi.", ["https://www.example.com"])
    assert [service.id for service in await directory.services(tenant)] == ["garden", "orders"]
    assert [one.name for one in await directory.users(tenant)] == ["Anna", "Ben"]


async def test_a_list_is_exchanged_as_a_whole(directory: Directory, distributor: Distributor, tenant: str) -> None:
    await put(directory, head(tenant), GARDEN, ORDERS, ANNA)
    await put(directory, head(tenant), ANNA.replace("garden", "orders"))
    assert list((await user(directory, tenant, "anna")).services) == ["orders"]
    assert await distributor.agents(tenant, "garden") == []
    assert [agent.user for agent in await distributor.agents(tenant, "orders")] == [oid("anna")]


async def test_replace_takes_away_what_is_not_in_the_file(
    directory: Directory, distributor: Distributor, tenant: str
) -> None:
    first = await put(directory, head(tenant), GARDEN, ORDERS, ANNA, BEN)
    second = await put(directory, "replace = true", head(tenant), GARDEN, ANNA)
    assert (second.services, second.users) == (1, 1)
    assert [service.id for service in await directory.services(tenant)] == ["garden"]
    assert await directory.user(tenant, oid("ben")) is None
    assert await directory.user_by_upn(tenant, "ben@example.com") is None
    assert await distributor.agent(tenant, oid("ben")) is None
    targets = {widget.id: await directory.widget(widget.key) for widget in first.widgets}
    assert {name for name, target in targets.items() if target is not None} == {"garden"}


async def test_replace_leaves_what_somebody_switched_off_for_himself(directory: Directory, tenant: str) -> None:
    await put(directory, head(tenant), GARDEN, ANNA)
    assert await directory.set_active(tenant, oid("anna"), "garden", False)
    await put(directory, "replace = true", head(tenant), GARDEN, ANNA)
    assert (await user(directory, tenant, "anna")).services["garden"].active is False


async def test_roles_in_the_tenant_and_in_services(directory: Directory, tenant: str) -> None:
    eve = '[[users]]\nuser = "eve@example.com"\nroles = ["admin", "owner", "supervisor", "agent"]\n'
    lists = 'services = ["garden", "orders"]\nowns = ["garden"]\nsupervises = ["garden", "orders"]\n'
    sam = '[[users]]\nuser = "sam@example.com"\nsupervises = ["orders"]\n'
    await put(directory, head(tenant), GARDEN, ORDERS, eve + lists, sam)
    found = await user(directory, tenant, "eve")
    assert found.roles == ("admin", "owner", "supervisor", "agent")
    assert found.services == {
        "garden": Membership("owner", agent=True, active=True),
        "orders": Membership("supervisor", agent=True, active=True),
    }
    other = await user(directory, tenant, "sam")
    assert other.roles == ("supervisor",)
    assert other.services == {"orders": Membership("supervisor", agent=False, active=False)}


@pytest.mark.parametrize(
    ("licence", "words"),
    [
        ("contact_center", "tenant.licences.contact_center is 1, and 2 services have it: garden, orders"),
        ("interact_service", "tenant.licences.interact_service is 1, and 2 services have it: garden, orders"),
        (
            "instant_messaging",
            "tenant.licences.instant_messaging is 1, and 2 users have it: anna@example.com, ben@example.com",
        ),
        ("interact_user", "tenant.licences.interact_user is 0, and 1 users have it: ben@example.com"),
    ],
)
async def test_more_licences_than_there_are_is_an_error(
    directory: Directory, tenant: str, licence: str, words: str
) -> None:
    number = 0 if licence == "interact_user" else 1
    said = await refused(directory, head(tenant, **{licence: number}), GARDEN, ORDERS, ANNA, BEN)
    assert said == [words]


async def test_licences_count_what_is_there_already(directory: Directory, store: Store, tenant: str) -> None:
    await put(directory, head(tenant, contact_center=1), GARDEN, ANNA)
    before = await everything(store, tenant)
    said = await refused(directory, head(tenant, contact_center=1), ORDERS)
    assert said == ["tenant.licences.contact_center is 1, and 2 services have it: garden, orders"]
    assert await everything(store, tenant) == before


async def test_a_wrong_file_loads_nothing_and_names_its_lines(directory: Directory, store: Store, tenant: str) -> None:
    text = "\n".join(
        [head(tenant), GARDEN, ANNA.replace('"garden"', '"garden", "nowhere"'), ANNA.replace("anna", "x@y")]
    )
    with pytest.raises(LoadErrors):
        await put(directory, text)
    with pytest.raises(LoadErrors) as caught:
        await put(directory, text.replace("x@y@", "zoe@nowhere."))
    (first,) = caught.value.errors
    assert first.field == "users[1].user"
    assert first.message == "is zoe@nowhere.example.com, and there is nobody of that name"
    assert text.split("\n")[first.line - 1].startswith("user = ")
    said = await refused(directory, text.replace("x@y@", "zoe@"))
    assert said == [
        "users[0].services[1] names nowhere, and there is no such service",
    ]
    assert await store.scan(f"*{tenant}*") == []


async def test_two_names_of_one_person_are_an_error(directory: Directory, tenant: str) -> None:
    said = await refused(directory, head(tenant), ANNA.replace('"garden"', ""), f'[[users]]\nuser = "{oid("anna")}"')
    assert said == ["users[1].user is the same person as users[0]"]


async def test_a_upn_that_another_user_has_is_an_error(directory: Directory, tenant: str) -> None:
    await put(directory, head(tenant), GARDEN, ANNA)
    zoe = f'[[users]]\nuser = "{oid("zoe")}"\nupn = "Anna@example.com"\nname = "Zoe"'
    (said,) = await refused(directory, head(tenant), zoe)
    assert said == "users[0].upn is Anna@example.com, which another user has"


async def test_an_object_id_with_upn_and_name_asks_nobody(directory: Directory, tenant: str) -> None:
    zoe = f'[[users]]\nuser = "{oid("zoe")}"\nupn = "zoe@example.com"\nname = "Zoe Doe"'
    await apply(directory, company(head(tenant), zoe), resolve_upn=nobody)
    found = await directory.user_by_upn(tenant, "ZOE@example.com")
    assert found is not None
    assert (found.id, found.name, found.first_name) == (oid("zoe"), "Zoe Doe", "Zoe")


async def test_a_new_upn_takes_the_place_of_the_old_one(directory: Directory, tenant: str) -> None:
    zoe = f'[[users]]\nuser = "{oid("zoe")}"\nupn = "zoe@example.com"\nname = "Zoe"'
    await put(directory, head(tenant), zoe)
    await put(directory, head(tenant), zoe.replace("zoe@", "zoe.doe@"))
    assert await directory.user_by_upn(tenant, "zoe@example.com") is None
    assert (await directory.user_by_upn(tenant, "zoe.doe@example.com")) is not None


async def test_two_loads_at_once_both_count(directory: Directory, tenant: str) -> None:
    await put(directory, head(tenant))
    await asyncio.gather(put(directory, head(tenant), GARDEN), put(directory, head(tenant), ORDERS))
    assert [service.id for service in await directory.services(tenant)] == ["garden", "orders"]


async def test_two_loads_at_once_do_not_share_the_last_licence(directory: Directory, tenant: str) -> None:
    await put(directory, head(tenant, contact_center=1))
    outcomes = await asyncio.gather(
        *(put(directory, head(tenant, contact_center=1), service) for service in (GARDEN, ORDERS)),
        return_exceptions=True,
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["LoadErrors", "LoadReport"]
    assert len(await directory.services(tenant)) == 1


async def test_what_a_load_could_not_bring_over_is_brought_over_later(
    directory: Directory, distributor: Distributor, store: Store, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_args: object, **_more: object) -> None:
        raise StoreDown("gone")

    with monkeypatch.context() as broken:
        broken.setattr(distributor, "set_agent", fail)
        with pytest.raises(StoreDown):
            await put(directory, head(tenant), GARDEN, ANNA)
    assert await distributor.agent(tenant, oid("anna")) is None
    # The directory itself has all of it, and a worker is told to bring it over.
    assert (await user(directory, tenant, "anna")).agent_of == ["garden"]
    assert await store.zscore(f"{root(tenant)}due", f"directory:{tenant}") is not None
    await directory.handle_projection(Subject("directory", tenant, ()))
    assert await reasons(distributor, tenant, "anna", "garden") == set()
    assert not await store.exists(f"{root(tenant)}unprojected:{tenant}")


async def test_loading_again_brings_over_what_an_earlier_load_could_not(
    directory: Directory, distributor: Distributor, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_args: object, **_more: object) -> None:
        raise StoreDown("gone")

    with monkeypatch.context() as broken:
        broken.setattr(distributor, "set_service", fail)
        with pytest.raises(StoreDown):
            await put(directory, head(tenant), GARDEN, ANNA)
    report = await put(directory, head(tenant), GARDEN, ANNA)
    assert not report.changed
    assert (await distributor.create(tenant, "t1", service="garden", customer="", workflow=False)).ok


async def test_what_is_being_overwritten_with_older_rules_is_brought_over_again(
    directory: Directory, distributor: Distributor, store: Store, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slow projection ends after a newer one: its older rules must not stay."""
    await put(directory, head(tenant), GARDEN)
    original = distributor.set_service
    reached, go_on = asyncio.Event(), asyncio.Event()

    async def slow(of: str, service: str, rules: ServiceRules, *, at: int = 0) -> None:
        if service == "garden":
            reached.set()
            await go_on.wait()
        await original(of, service, rules, at=at)

    with monkeypatch.context() as patch:
        patch.setattr(distributor, "set_service", slow)
        older = asyncio.create_task(put(directory, head(tenant), GARDEN.replace("30", "40")))
        await wait_until(reached.is_set, 5, "the older projection")
    await put(directory, head(tenant), GARDEN.replace("30", "50"))
    go_on.set()
    await older
    assert await store.hget(f"{root(tenant)}rules:{tenant}:garden", "offer_seconds") == "40"
    await directory.handle_projection(Subject("directory", tenant, ()))
    assert await store.hget(f"{root(tenant)}rules:{tenant}:garden", "offer_seconds") == "50"


async def test_the_journal_says_who_changed_the_directory(directory: Directory, store: Store, tenant: str) -> None:
    await put(directory, head(tenant), GARDEN, ANNA)
    events = [
        fields for _, fields in await store.xrange(f"{root(tenant)}journal:{tenant}") if fields["e"] == "directory"
    ]
    assert [(event["by"], event["version"], event["services"], event["users"]) for event in events] == [
        ("load", "1", "1", "1")
    ]


def test_a_person_is_what_graph_gives() -> None:
    person: load.Person = Person("id", "upn", "name")
    assert person.name == "name"
