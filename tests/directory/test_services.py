"""A service's settings: what makes no sense is refused with field and line, the rest is carried to the distributor."""

import re
import uuid
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from directory import service_model
from directory.ahead import Ahead
from directory.directory import Directory
from directory.errors import LoadErrors
from directory.hours import DAYS_AHEAD, WEEK
from directory.load import apply
from directory.model import NOT_AVAILABLE, Service, Tenant
from directory.projection import Projection, now_ms, rules_of, service_rules
from distribution.distributor import Distributor
from distribution.service_rules import Level, ServiceRules
from store.connection import Store
from store.keys import root
from tests.directory.companies import ANNA, BEN, company, entra, head, oid

TENANT = str(uuid.uuid4())
CARL = '[[users]]\nuser = "carl@example.com"\ninstant_messaging = true\nservices = ["x"]\nskills = ["french"]\n'
DAY_MS = 86_400_000


def service(lines: str = "", id_: str = "x") -> str:
    return f'[[services]]\nid = "{id_}"\nname = "Service {id_}"\ncontact_center = true\n{lines}\n'


async def refused(directory: Directory, tenant: str, *parts: str) -> list[str]:
    with pytest.raises(LoadErrors) as caught:
        await apply(directory, company(head(tenant), *parts), resolve_upn=entra)
    return [f"{error.field} {error.message}" for error in caught.value.errors]


def wrong(*parts: str) -> list[str]:
    with pytest.raises(LoadErrors) as caught:
        company(head(TENANT), *parts)
    return [f"{error.field} {error.message}" for error in caught.value.errors]


def test_every_rule_that_an_owner_may_set_is_a_setting_with_the_same_default() -> None:
    plain = Service(id="x", name="X", contact_center=True)
    rules = rules_of(plain, Tenant(id=TENANT, name="T", sweep_at=""), now=0)
    assert rules == ServiceRules("X"), "a service that sets nothing has the distributor's own rules"


def test_a_setting_that_is_neither_a_rule_nor_marked_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    check = service_model.check_marks
    check()
    monkeypatch.setattr(service_model, "CONVERTED", service_model.CONVERTED - {"levels"})
    with pytest.raises(TypeError, match=r"not marked: \{'levels'\}"):
        check()
    monkeypatch.undo()
    monkeypatch.setattr(service_model, "NOT_SET_BY_OWNERS", frozenset[str]())
    with pytest.raises(TypeError, match=r"without a setting: \{'deliver_seconds'\}"):
        check()


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("concurrent = 0", "services[0].concurrent must be from 1 to 500, and is 0"),
        ("queue_limit = -1", "services[0].queue_limit must be from 0 to 100,000, and is -1"),
        ('kind = "ring"', "services[0].kind must be 'direct', 'broadcast' or 'pickup', and is 'ring'"),
        ('priority = "vip"', "services[0].priority must be 'strict', 'high', 'normal' or 'low', and is 'vip'"),
        ('hours_end = "go"', "services[0].hours_end must be 'stay' or 'overflow', and is 'go'"),
        ("[[services.levels]]", "services[0].levels[0] names neither agents nor skills"),
        (
            '[[services.levels]]\nafter_seconds = 5\nskills = ["french"]',
            "services[0].levels[0].after_seconds must be 0: the first level opens at once",
        ),
        (
            """[[services.levels]]
skills = ["a"]
[[services.levels]]
after_seconds = 60
skills = ["b"]
[[services.levels]]
after_seconds = 60
skills = ["c"]""",
            "services[0].levels[2].after_seconds must be more than the 60 s of the level before it, and is 60",
        ),
        (
            '[[services.levels]]\nskills = ["Speaks French"]',
            "services[0].levels[0].skills[0] must have 1 to 40 characters of a-z, 0-9 and -",
        ),
        (
            "idle_warn_seconds = 900",
            "services[0].idle_warn_seconds makes no sense: the warning would come after 900 s, the end after 900 s",
        ),
        (
            '[services.hours]\nmonday = ["08:00-12:00", "11:00-13:00"]',
            "services[0].hours overlap on monday",
        ),
        (
            '[services.hours]\nmonday = ["08:00-12:00"]\nholidays = "XX"',
            "services[0].hours.holidays must be a country of the holiday calendars, such as CH, or a part of one, such as CH-ZH",
        ),
        (
            '[services.hours]\nmonday = ["12:00"]',
            "services[0].hours.monday[0] must be from one time of day to another, such as 08:00-17:30 or 22:00-06:00",
        ),
    ],
)
def test_settings_that_make_no_sense_are_refused_with_their_field(lines: str, said: str) -> None:
    assert wrong(service(lines)) == [said]


def test_settings_of_the_tenant_that_make_no_sense() -> None:
    assert wrong('[tenant.direct]\noverflow = "orders"') == [
        "tenant.direct.overflow must be form or wait for chats straight to a user, and is orders"
    ]
    assert wrong(service(id_="wait")) == [
        "services[0].id must not be wait: `overflow` means something else by that word"
    ]
    for line, said in {
        'sweep_at = "3 am"': "tenant.sweep_at must be a time of day, such as 03:00",
        'not_available = ["Break", "break"]': "tenant.not_available names break twice",
    }.items():
        text = head(TENANT).replace("[tenant.licences]", f"{line}\n[tenant.licences]")
        with pytest.raises(LoadErrors) as caught:
            company(text)
        assert [f"{error.field} {error.message}" for error in caught.value.errors] == [said]


async def test_agents_of_a_level_are_agents_of_the_service(directory: Directory, tenant: str) -> None:
    level = '[[services.levels]]\nagents = ["carl@example.com", "zoe@example.com", "ben@example.com"]'
    assert await refused(directory, tenant, service(level), BEN, CARL) == [
        "services[0].levels[0].agents[1] names zoe@example.com, who is not an agent of x",
        "services[0].levels[0].agents[2] names ben@example.com, who is not an agent of x",
    ]
    assert await directory.tenant(tenant) is None, "nothing is half loaded"


async def test_an_agent_whom_a_level_names_cannot_leave_the_service_behind_its_back(
    directory: Directory, tenant: str
) -> None:
    level = '[[services.levels]]\nagents = ["carl@example.com"]'
    await apply(directory, company(head(tenant), service(level), CARL), resolve_upn=entra)
    assert await refused(directory, tenant, CARL.replace('["x"]', "[]")) == [
        "users[0].services leaves out x, which names them in level 1"
    ]


@pytest.mark.parametrize(
    ("ways", "said"),
    [
        ({"a": "b"}, ["services[0].overflow is b, and there is no such service"]),
        ({"a": "a"}, ["services[0].overflow is the service itself"]),
        (
            {"a": "b", "b": "a"},
            [
                "services[0].overflow goes round in a circle: a, b, a",
                "services[1].overflow goes round in a circle: b, a, b",
            ],
        ),
        (
            {"a": "b", "b": "c", "c": "d", "d": "e", "e": "form"},
            ["services[0].overflow goes on for more than 3 services: a, b, c, d, e"],
        ),
        ({"a": "b", "b": "c", "c": "d", "d": "wait"}, []),
    ],
)
async def test_overflow_leads_somewhere_and_ends(
    directory: Directory, tenant: str, ways: dict[str, str], said: list[str]
) -> None:
    parts = [service(f'overflow = "{target}"', id_) for id_, target in ways.items()]
    if said:
        assert await refused(directory, tenant, *parts) == said
        assert await directory.services(tenant) == []
    else:
        await apply(directory, company(head(tenant), *parts), resolve_upn=entra)


async def test_overflow_is_looked_at_together_with_what_is_there(directory: Directory, tenant: str) -> None:
    await apply(directory, company(head(tenant), service(id_="a"), service('overflow = "a"', "b")), resolve_upn=entra)
    [said] = await refused(directory, tenant, service('overflow = "b"', "a"))
    assert said == "services[0].overflow goes round in a circle: a, b, a"


async def rules(store: Store, tenant: str, service_: str = "x") -> dict[str, str]:
    return dict(await store.hgetall(f"{root(tenant)}rules:{tenant}:{service_}"))


async def test_the_distributor_is_told_of_levels_skills_and_limits(
    directory: Directory, distributor: Distributor, store: Store, tenant: str
) -> None:
    lines = """kind = "pickup"
priority = "high"
age_every_seconds = 60
queue_limit = 7
overflow = "wait"
agents_may_pick = true
idle_seconds = 1200
[[services.levels]]
agents = ["carl@example.com"]
[[services.levels]]
after_seconds = 45
skills = ["french", "legal"]"""
    await apply(directory, company(head(tenant), service(lines), CARL), resolve_upn=entra)
    told = await rules(store, tenant)
    assert {name: told[name] for name in ("kind", "priority", "age_every_seconds", "queue_limit", "overflow")} == {
        "kind": "pickup",
        "priority": "high",
        "age_every_seconds": "60",
        "queue_limit": "7",
        "overflow": "wait",
    }
    assert told["levels"] == f"0:{oid('carl')}:|45::french,legal"
    carl = await distributor.agent(tenant, oid("carl"))
    assert carl is not None
    assert carl.levels == {"x": 1}


async def test_levels_of_a_file_may_name_a_person_twice(directory: Directory, tenant: str) -> None:
    level = f'[[services.levels]]\nagents = ["carl@example.com", "{oid("carl")}"]'
    carl = CARL.replace('"carl@example.com"', f'"{oid("carl")}"\nupn = "carl@example.com"\nname = "Carl"')
    await apply(directory, company(head(tenant), service(level), carl), resolve_upn=entra)
    found = await directory.service(tenant, "x")
    assert found is not None
    assert list(found.levels[0].agents) == [oid("carl")]


async def test_hours_are_exchanged_as_a_whole_and_follow_the_tenants_zone(
    directory: Directory, store: Store, tenant: str
) -> None:
    first = service('[services.hours]\nmonday = ["22:00-06:00"]')
    await apply(directory, company(head(tenant), first), resolve_upn=entra)
    utc = (await rules(store, tenant))["hours"]
    zoned = head(tenant).replace("language", 'time_zone = "Asia/Tokyo"\nlanguage')
    await apply(directory, company(zoned), resolve_upn=entra)
    tokyo = (await rules(store, tenant))["hours"]
    assert {(at - 9 * 3_600_000) % (7 * DAY_MS) for at in _begins(utc)} == {at % (7 * DAY_MS) for at in _begins(tokyo)}
    # Merged day by day, Monday's night would reach into this Tuesday.
    other = service('[services.hours]\ntuesday = ["05:00-09:00"]')
    await apply(directory, company(zoned, other), resolve_upn=entra)
    found = await directory.service(tenant, "x")
    assert found is not None
    assert found.hours is not None
    assert (list(found.hours.monday), list(found.hours.tuesday)) == ([], ["05:00-09:00"])


def _begins(hours: str) -> list[int]:
    return [int(one.partition("-")[0]) for one in hours.split(",")]


async def test_hours_and_sweeps_are_laid_down_anew_before_they_end(
    directory: Directory, distributor: Distributor, store: Store, tenant: str
) -> None:
    await apply(
        directory, company(head(tenant), service('[services.hours]\nmonday = ["08:00-12:00"]')), resolve_upn=entra
    )
    before = await rules(store, tenant)
    now = _begins(before["hours"])[0]
    looks = Ahead(store, distributor, clock=lambda: now)
    assert await looks.look() == 1
    assert await looks.look() == 0, "a week is left"
    now += 6 * DAY_MS
    assert await looks.look() == 0
    now += 2 * DAY_MS
    assert await looks.look() == 1
    after = await rules(store, tenant)
    for field in ("hours", "sweeps"):
        assert after[field] > before[field]
    assert int(after["sweeps"].split(",")[-1]) > now + (DAYS_AHEAD - 1) * DAY_MS
    assert await store.hgetall(f"{root(tenant)}unprojected:{tenant}") == {}


async def test_two_processes_lay_the_next_week_down_once(
    directory: Directory, distributor: Distributor, store: Store, tenant: str
) -> None:
    await apply(directory, company(head(tenant), service()), resolve_upn=entra)
    assert sum([await Ahead(store, distributor).look() for _ in range(3)]) == 1


def test_the_sweep_is_at_the_tenants_hour() -> None:
    tenant = Tenant(id=TENANT, name="T", time_zone="Europe/Zurich", sweep_at="04:15")
    found = service_rules("X", Service(id="x", name="X"), tenant, now=1_800_000_000_000).sweeps
    zone = ZoneInfo("Europe/Zurich")
    assert {f"{datetime.fromtimestamp(at / 1000, zone):%H:%M}" for at in found} == {"04:15"}


def test_a_tenant_has_reasons_for_not_being_available_unless_it_names_its_own() -> None:
    assert Tenant(id=TENANT, name="T").not_available == NOT_AVAILABLE
    text = head(TENANT).replace("[tenant.licences]", 'not_available = ["Siesta"]\n[tenant.licences]')
    assert list(company(text).file.tenant.not_available) == ["Siesta"]


async def test_levels_and_the_projection_of_a_service_that_is_gone(
    directory: Directory, distributor: Distributor, store: Store, tenant: str
) -> None:
    level = '[[services.levels]]\nagents = ["carl@example.com"]'
    await apply(directory, company(head(tenant), service(level), CARL), resolve_upn=entra)
    await apply(directory, company("replace = true", head(tenant), ANNA.replace('["garden"]', "[]")), resolve_upn=entra)
    await Projection(store, distributor).project(tenant)
    assert await directory.services(tenant) == []
    assert await distributor.agents(tenant, "x") == []


def test_a_level_is_carried_over_as_it_is() -> None:
    made = Service.model_validate(
        {"id": "x", "name": "X", "levels": [{"agents": [oid("carl")]}, {"after_seconds": 30, "skills": ["a"]}]}
    )
    found = rules_of(made, Tenant(id=TENANT, name="T"), now=0)
    assert found.levels == (Level(0, (oid("carl"),)), Level(30, (), ("a",)))


def test_reasons_have_short_names_that_keys_and_journals_may_have() -> None:
    def named(*words: str) -> Tenant:
        return Tenant.model_validate({"id": TENANT, "name": "T", "not_available": words})

    found = named("Other work", "Réunion d’équipe", "昼休み").reasons
    assert list(found)[:2] == ["other-work", "reunion-dequipe"]
    assert all(re.fullmatch(r"[a-z0-9-]{1,40}", key) for key in found)
    assert list(found.values()) == ["Other work", "Réunion d’équipe", "昼休み"]
    with pytest.raises(ValidationError, match="names Other work and other-work, which are too much alike"):
        named("Other work", "other-work")


async def test_a_service_that_never_closes_is_loaded_and_open_now(
    directory: Directory, store: Store, tenant: str
) -> None:
    days = "\n".join(f'{day} = ["00:00-24:00"]' for day in WEEK)
    await apply(directory, company(head(tenant), service(f"[services.hours]\n{days}")), resolve_upn=entra)
    [(begin, end)] = [map(int, one.split("-")) for one in (await rules(store, tenant))["hours"].split(",")]
    assert begin < now_ms() < end - (DAYS_AHEAD - 1) * DAY_MS
