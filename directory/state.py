"""A tenant's part of the directory as one value: read as a whole, changed as a whole, written by one script or not at
all."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from directory.fields import Settings
from directory.model import Service, Tenant, User
from store.connection import Store
from store.keys import root
from store.scripts import load_scripts

SCRIPTS = load_scripts(Path(__file__).parent / "lua")


@lru_cache(maxsize=1_000)
def read_tenant(text: str) -> Tenant:
    return Tenant.model_validate_json(text)


@lru_cache(maxsize=10_000)
def read_service(text: str) -> Service:
    return Service.model_validate_json(text)


@lru_cache(maxsize=50_000)
def read_user(text: str) -> User:
    return User.model_validate_json(text)


def written(thing: Settings) -> str:
    """The stored form: settings that were not set are left out, and take the default of the release that reads them."""
    return thing.model_dump_json(exclude_unset=True)


@dataclass(frozen=True, slots=True)
class State:
    """`version` counts changes; 0 = nothing is stored. `had_admin`: whether the tenant has or ever had an admin."""

    id: str
    version: int
    tenant: Tenant | None
    services: Mapping[str, Service]
    users: Mapping[str, User]
    had_admin: bool = False

    def same_as(self, other: "State") -> bool:
        """Whether both have the same stored form."""
        mine, others = (
            [written(state.tenant) if state.tenant else "", _texts(state.services), _texts(state.users)]
            for state in (self, other)
        )
        return mine == others

    def having(
        self,
        *,
        tenant: Tenant | None = None,
        services: Mapping[str, Service] | None = None,
        users: Mapping[str, User] | None = None,
    ) -> "State":
        """This state with some parts replaced."""
        return replace(
            self,
            tenant=tenant or self.tenant,
            services=self.services if services is None else services,
            users=self.users if users is None else users,
        )


async def read_state(store: Store, tenant: str) -> State:
    """The directory's data of `tenant`."""
    base = root(tenant)
    record, services, users = await store.many(
        [
            (name, (f"{base}{key}:{tenant}",))
            for name, key in (("hgetall", "tenant"), ("hgetall", "services"), ("hgetall", "users"))
        ]
    )
    known = {key: read_user(text) for key, text in users.items()}
    return State(
        id=tenant,
        version=int(record.get("version", "0")),
        tenant=read_tenant(record["doc"]) if "doc" in record else None,
        services={key: read_service(text) for key, text in services.items()},
        users=known,
        had_admin="had_admin" in record or any(user.admin for user in known.values()),
    )


async def write_state(store: Store, before: State, after: State, *, actor: str) -> bool:
    """Write the differences, in one script. False if another change of the tenant came after `before` was read.

    `actor`: an object id, or a word such as `load`, for the journal.
    """
    assert after.tenant is not None
    # Opening hours and the daily sweep are stored as instants: they move when the tenant's time zone does.
    moved = before.tenant is not None and _clock(before.tenant) != _clock(after.tenant)
    services = _texts(after.services) if moved else _changed(before.services, after.services)
    users = _changed(before.users, after.users)
    verdict = await store.run(
        SCRIPTS["directory_save"],
        root(after.id),
        tenant=after.id,
        expected=before.version,
        doc=written(after.tenant),
        services=services,
        gone_services=sorted(before.services.keys() - after.services.keys()),
        users=users,
        gone_users=sorted(before.users.keys() - after.users.keys()),
        upns={user.upn.lower(): user.id for user in after.users.values() if user.upn and user.id in users},
        gone_upns=sorted(_upns(before) - _upns(after)),
        able=_able(before, after),
        admin=before.had_admin or any(user.admin for user in after.users.values()),
        actor=actor,
    )
    return verdict == "ok"


def _texts(things: Mapping[str, Settings]) -> dict[str, str]:
    return {key: written(thing) for key, thing in things.items()}


def _changed(before: Mapping[str, Settings], after: Mapping[str, Settings]) -> dict[str, str]:
    was = _texts(before)
    return {key: text for key, text in _texts(after).items() if was.get(key) != text}


def _clock(tenant: Tenant) -> tuple[str, str]:
    return tenant.time_zone, tenant.sweep_at


def _upns(state: State) -> set[str]:
    return {user.upn.lower() for user in state.users.values() if user.upn}


def _able(before: State, after: State) -> dict[str, list[str]]:
    """For each service where that differs: its agents with the modality."""
    was, now = _able_by_service(before), _able_by_service(after)
    return {
        service: sorted(now.get(service, ()))
        for service in was.keys() | now.keys()
        if was.get(service) != now.get(service)
    }


def _able_by_service(state: State) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for user in state.users.values():
        for service in user.agent_of if user.instant_messaging else ():
            found.setdefault(service, set()).add(user.id)
    return found
