"""What the rooms need to know of the company: names, and who could sit in a room beside the agent."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from graph.facts import Seat


class Named(Protocol):
    @property
    def name(self) -> str: ...


class Settings(Protocol):
    @property
    def stays_after_transfer(self) -> bool: ...

    @property
    def second_person(self) -> str: ...


class TenantSettings(Protocol):
    @property
    def one_person_rooms(self) -> bool: ...


class Membership(Protocol):
    @property
    def role(self) -> str: ...


class Colleague(Named, Protocol):
    @property
    def id(self) -> str: ...

    @property
    def upn(self) -> str: ...

    @property
    def services(self) -> Mapping[str, Membership]: ...


class Company(Protocol):
    """The directory."""

    async def tenant(self, tenant: str, /) -> TenantSettings | None: ...

    async def service(self, tenant: str, service: str, /) -> Named | None: ...

    async def settings(self, tenant: str, service: str | None, /) -> Settings | None: ...

    async def user(self, tenant: str, user: str, /) -> Colleague | None: ...

    async def users(self, tenant: str, /) -> Sequence[Colleague]: ...


async def host_name(company: Company, tenant: str, *, service: str | None, user: str | None) -> str:
    """The first half of a room's name: the service's, or the user's who is written to directly."""
    host = await company.service(tenant, service) if service else await company.user(tenant, user or "")
    return host.name if host is not None else ""


async def seat_of(company: Company, tenant: str, user: str) -> Seat:
    """A guest of the tenant is known by their sign-in name, `somebody_elsewhere.com#EXT#@tenant.onmicrosoft.com`."""
    known = await company.user(tenant, user)
    return Seat(user, guest=known is not None and "#ext#" in known.upn.lower())


async def accepts_one_person(company: Company, tenant: str) -> bool:
    """Whether the tenant says that its Teams takes a group chat of one person."""
    known = await company.tenant(tenant)
    return known is not None and known.one_person_rooms


async def second_person(company: Company, tenant: str, service: str | None, agent: str) -> Seat | None:
    """Who sits in the room beside this agent: as the service says, else its first owner by name. None: nobody does.

    Never somebody who has nothing to do with the service.
    """
    settings = await company.settings(tenant, service)
    if settings is not None and settings.second_person and settings.second_person != agent:
        return await seat_of(company, tenant, settings.second_person)
    if service is None:
        return None
    # By name: the directory's own order.
    for one in await company.users(tenant):
        if one.id != agent and service in one.services and one.services[service].role == "owner":
            return await seat_of(company, tenant, one.id)
    return None
