"""Loads a company: its file is merged with the stored data, checked as a whole, and written by one script or not at
all."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol, cast

from directory.company_file import Company, UserEntry
from directory.directory import Directory
from directory.errors import LoadError, LoadErrors
from directory.model import Service, Tenant, User
from directory.parse import parse, read
from directory.people import entra_names
from directory.second_person import resolve_seconds, room_warnings, with_second
from directory.state import State
from directory.tenant_checks import check_tenant
from store.ids import is_guid

__all__ = ["Company", "LoadError", "LoadErrors", "LoadReport", "Person", "apply", "parse", "read"]

RESOLVE_AT_ONCE = 8

Table = Mapping[str, Any]


class Person(Protocol):
    """Somebody in Entra: object id, sign-in name, display name."""

    @property
    def user(self) -> str: ...

    @property
    def upn(self) -> str: ...

    @property
    def name(self) -> str: ...


Resolve = Callable[[str, str], Awaitable[Person | None]]
"""(tenant, UPN or object id) → the person, None if there is none."""


@dataclass(frozen=True, slots=True)
class Widget:
    """A widget that can be put into a website: `kind` is `service` or `user`, `id` the service's or the user's."""

    name: str
    key: str
    kind: str
    id: str


@dataclass(frozen=True, slots=True)
class LoadReport:
    """The tenant's widgets after the load; `changed`: whether the load changed anything. `warnings`: sentences for
    people."""

    widgets: Sequence[Widget]
    services: int
    users: int
    changed: bool
    warnings: Sequence[str] = ()

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


async def apply(directory: Directory, company: Company, *, resolve_upn: Resolve) -> LoadReport:
    """Load `company`. Settings missing from its file are kept, unless it says `replace = true`. Loading again changes
    nothing.

    Raises LoadErrors (then nothing was loaded) and StoreDown.
    """
    people = await _resolve(company, resolve_upn)
    seconds = await resolve_seconds(company, people, resolve_upn)

    def change(before: State) -> State:
        after = _merged(before, company, people, seconds)
        errors = list(check_tenant(company, people, after))
        if errors:
            raise LoadErrors(errors)
        return after

    after, changed = await directory.change(company.file.tenant.id, change, actor="load")
    return LoadReport(
        await _widgets(directory, after),
        len(after.services),
        len(after.users),
        changed,
        warnings=list(room_warnings(after)),
    )


async def _resolve(company: Company, resolve: Resolve) -> list[tuple[UserEntry, dict[str, str]]]:
    places = asyncio.Semaphore(RESOLVE_AT_ONCE)

    async def one(entry: UserEntry) -> dict[str, str] | None:
        if is_guid(entry.user) and entry.upn and entry.name:
            return {"id": entry.user, "upn": entry.upn, "name": entry.name}
        async with places:
            found = await resolve(company.file.tenant.id, entry.user)
        if found is None:
            return None
        upn, name = entra_names(found.user.lower(), found.upn, found.name)
        given = entry.upn or ("" if is_guid(entry.user) else entry.user)
        return {"id": found.user.lower(), "upn": upn or given, "name": entry.name or name}

    people = await asyncio.gather(*(one(entry) for entry in company.file.users))
    errors: list[LoadError] = []
    known: list[tuple[UserEntry, dict[str, str]]] = []
    first: dict[str, int] = {}
    for index, (entry, person) in enumerate(zip(company.file.users, people, strict=True)):
        if person is None:
            errors.append(company.error(("users", index, "user"), f"is {entry.user}, and there is nobody of that name"))
            continue
        other = first.setdefault(person["id"], index)
        if other != index:
            errors.append(company.error(("users", index, "user"), f"is the same person as users[{other}]"))
        known.append((entry, person))
    if errors:
        raise LoadErrors(errors)
    return known


def _merged(
    before: State, company: Company, people: Sequence[tuple[UserEntry, dict[str, str]]], seconds: Mapping[str, str]
) -> State:
    file = company.file
    kept = State(before.id, before.version, None, {}, {}) if file.replace else before
    company_wide = _over(_set(kept.tenant), _set(file.tenant))
    if "direct" in company_wide:
        company_wide["direct"] = with_second(company_wide["direct"], seconds)
    tenant = Tenant.model_validate(company_wide)
    users = dict(kept.users)
    for entry, person in people:
        stored = _set(kept.users.get(person["id"]))
        if file.replace and person["id"] in before.users:
            # What users have switched off for themselves is not part of the file.
            stored = {"inactive_in": before.users[person["id"]].inactive_in}
        users[person["id"]] = _user(stored, entry, person)
    ids = {user.upn.lower(): user.id for user in users.values() if user.upn}
    ids |= {entry.user.lower(): person["id"] for entry, person in people}
    services = dict(kept.services)
    for service in file.services:
        given = with_second(_over(_set(kept.services.get(service.id)), _set(service)), seconds)
        services[service.id] = Service.model_validate(
            given | {"levels": _by_id(given["levels"], ids)} if "levels" in given else given
        )
    return before.having(tenant=tenant, services=services, users=users)


def _by_id(levels: Sequence[Table], ids: Mapping[str, str]) -> list[Table]:
    """Levels with the object ids of their agents; an unknown agent keeps the name in the file."""
    return [
        {**level, "agents": list(dict.fromkeys(ids.get(name.lower(), name) for name in level["agents"]))}
        if "agents" in level
        else level
        for level in levels
    ]


def _user(stored: Mapping[str, Any], entry: UserEntry, person: Mapping[str, str]) -> User:
    given = _set(entry)
    given.pop("user")
    if "services" in given:
        given["agent_of"] = given.pop("services")
    if "roles" in given:
        given["admin"] = "admin" in given.pop("roles")
    merged = _over(stored, {**given, **person})
    inactive = [service for service in merged.get("inactive_in", ()) if service in merged.get("agent_of", ())]
    merged.pop("inactive_in", None)
    return User.model_validate(merged | ({"inactive_in": inactive} if inactive else {}))


def _set(thing: Tenant | Service | User | UserEntry | None) -> dict[str, Any]:
    """The fields that were set."""
    return thing.model_dump(exclude_unset=True) if thing else {}


def _over(below: Table, above: Table) -> dict[str, Any]:
    """Tables are merged field by field; lists and values are replaced, and so are opening hours, which make sense only
    as a whole."""
    merged = dict(below)
    for name, value in above.items():
        old = merged.get(name)
        both = isinstance(old, dict) and isinstance(value, dict) and name != "hours"
        merged[name] = _over(cast("Table", old), cast("Table", value)) if both else value
    return merged


async def _widgets(directory: Directory, state: State) -> list[Widget]:
    services = [service for service in state.services.values() if service.interact]
    users = [user for user in state.users.values() if user.interact_user]
    return [
        Widget(one.name, await directory.service_widget(state.id, one.id), "service", one.id)
        for one in sorted(services, key=lambda service: service.name)
    ] + [
        Widget(one.name, await directory.user_widget(state.id, one.id), "user", one.id)
        for one in sorted(users, key=lambda user: user.name)
    ]
