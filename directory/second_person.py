"""The second person in a service's rooms, beside the agent: found in Entra when a company is loaded, and what is
missing."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from directory.company_file import Company, UserEntry
from directory.directory import Directory
from directory.errors import LoadError, LoadErrors
from directory.state import State
from directory.toml_lines import Path


class Found(Protocol):
    """A person in Entra."""

    @property
    def user(self) -> str: ...


async def resolve_seconds(
    company: Company,
    people: Sequence[tuple[UserEntry, Mapping[str, str]]],
    resolve: Callable[[str, str], Awaitable[Found | None]],
) -> dict[str, str]:
    """Every `second_person` of the file, in lower case → its object id. Raises LoadErrors for a person who does not
    exist."""
    known = {entry.user.lower(): person["id"] for entry, person in people}
    known |= {person["upn"].lower(): person["id"] for _, person in people}
    known |= {person["id"]: person["id"] for _, person in people}
    places: list[tuple[Path, str]] = [(("tenant", "direct", "second_person"), company.file.tenant.direct.second_person)]
    places += [
        (("services", index, "second_person"), service.second_person)
        for index, service in enumerate(company.file.services)
    ]
    named = [(place, name) for place, name in places if name]
    asked = list(dict.fromkeys(name.lower() for _, name in named if name.lower() not in known))
    found = await asyncio.gather(*(resolve(company.file.tenant.id, name) for name in asked))
    known |= {name: person.user.lower() for name, person in zip(asked, found, strict=True) if person is not None}
    errors: list[LoadError] = [
        company.error(place, f"is {name}, and there is nobody of that name")
        for place, name in named
        if name.lower() not in known
    ]
    if errors:
        raise LoadErrors(errors)
    return known


def with_second(settings: dict[str, Any], seconds: Mapping[str, str]) -> dict[str, Any]:
    """Settings in which the second person is an object id."""
    name = settings.get("second_person") or ""
    return settings | {"second_person": seconds.get(name.lower(), name)} if name else settings


def room_warnings(state: State) -> Iterable[str]:
    """What an admin should know about future rooms; empty where every service names its second person."""
    if state.tenant is None or state.tenant.one_person_rooms:
        return
    for service in sorted(state.services.values(), key=lambda service: service.name.casefold()):
        if not service.contact_center or service.second_person:
            continue
        yield _warning(service.name, sorted(user.name for user in state.users.values() if service.id in user.owns))
    if any(user.interact_user for user in state.users.values()) and not state.tenant.direct.second_person:
        yield (
            "Chats straight to a user have no second person: name one in `[tenant.direct]`, or they cannot be opened in "
            "Teams."
        )


async def room_warning(directory: Directory, tenant: str, service: str) -> str:
    """The same about one service; "" where it names its second person, or needs none."""
    company, settings = await directory.tenant(tenant), await directory.service(tenant, service)
    if company is None or settings is None or company.one_person_rooms:
        return ""
    if not settings.contact_center or settings.second_person:
        return ""
    return _warning(settings.name, sorted(user.name for user in await directory.users(tenant) if service in user.owns))


def _warning(service: str, owners: Sequence[str]) -> str:
    if not owners:
        return (
            f"{service} has neither a `second_person` nor an owner: its chats cannot be opened in Teams. "
            "Name one, or set `one_person_rooms` if your Teams takes group chats of one person."
        )
    said = f"{service} names no `second_person`: its first owner, {owners[0]}, sits in each of its rooms."
    return f"{said} A room whose agent is the only owner cannot be opened." if len(owners) == 1 else said
