"""Who sits in the rooms of a service beside the agent: found in Entra when a company is loaded, and what is missing."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from directory.company_file import Company, UserEntry
from directory.errors import LoadError, LoadErrors
from directory.state import State
from directory.toml_lines import Path


class Found(Protocol):
    """Somebody in Entra."""

    @property
    def user(self) -> str: ...


async def resolve_seconds(
    company: Company,
    people: Sequence[tuple[UserEntry, Mapping[str, str]]],
    resolve: Callable[[str, str], Awaitable[Found | None]],
) -> dict[str, str]:
    """Every `second_person` of the file, in lower case → its object id. Raises LoadErrors for one who does not exist."""
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
    """What an admin should know about the rooms to come; nothing where every service names its second person."""
    if state.tenant is None or state.tenant.one_person_rooms:
        return
    for service in sorted(state.services.values(), key=lambda service: service.name.casefold()):
        if not service.contact_center or service.second_person:
            continue
        owners = sorted(user.name for user in state.users.values() if service.id in user.owns)
        if owners:
            yield (
                f"{service.name} names no `second_person`: its first owner, {owners[0]}, sits in each of its rooms. "
                "A room whose agent is the only owner cannot be opened."
                if len(owners) == 1
                else f"{service.name} names no `second_person`: its first owner, {owners[0]}, sits in each of its rooms."
            )
        else:
            yield (
                f"{service.name} has neither a `second_person` nor an owner: its chats cannot be opened in Teams. "
                "Name one, or set `one_person_rooms` if your Teams takes group chats of one person."
            )
    if any(user.interact_user for user in state.users.values()) and not state.tenant.direct.second_person:
        yield (
            "Chats straight to a user have no second person: name one in `[tenant.direct]`, or they cannot be opened in "
            "Teams."
        )
