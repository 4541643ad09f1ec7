"""What the rooms need to know of the company: names, and who could sit in a room beside the agent."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from graph.facts import Seat


class Named(Protocol):
    @property
    def name(self) -> str: ...


class Settings(Protocol):
    @property
    def stays_after_transfer(self) -> bool: ...


class Membership(Protocol):
    @property
    def role(self) -> str: ...


class Colleague(Named, Protocol):
    @property
    def id(self) -> str: ...

    @property
    def upn(self) -> str: ...

    @property
    def roles(self) -> Iterable[str]: ...

    @property
    def services(self) -> Mapping[str, Membership]: ...


class Company(Protocol):
    """The directory."""

    async def service(self, tenant: str, service: str, /) -> Named | None: ...

    async def settings(self, tenant: str, service: str | None, /) -> Settings | None: ...

    async def user(self, tenant: str, user: str, /) -> Colleague | None: ...

    async def users(self, tenant: str, /) -> Sequence[Colleague]: ...


async def host_name(company: Company, tenant: str, *, service: str | None, user: str | None) -> str:
    """The first half of a room's name: the service's, or the user's who is written to directly."""
    host = await company.service(tenant, service) if service else await company.user(tenant, user or "")
    return host.name if host is not None else ""


async def seat_of(company: Company, tenant: str, user: str) -> Seat:
    """A guest of the tenant is known by his sign-in name, `somebody_elsewhere.com#EXT#@tenant.onmicrosoft.com`."""
    known = await company.user(tenant, user)
    return Seat(user, guest=known is not None and "#ext#" in known.upn.lower())


async def second_owner(company: Company, tenant: str, service: str | None, agent: str) -> Seat | None:
    """Who sits in the room beside the agent where Teams refuses a room of one: an owner of the service, else an admin."""
    others = [one for one in await company.users(tenant) if one.id != agent]
    owners = [one for one in others if service and service in one.services and one.services[service].role == "owner"]
    admins = [one for one in others if "admin" in one.roles]
    for group in (owners, admins):
        if group:
            return await seat_of(company, tenant, min(one.id for one in group))
    return None
