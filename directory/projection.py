"""Transfers directory changes to where they apply: the distributor's rules, and the public keys of widgets.

The directory writes down what has changed in the same script as the change itself; this brings it over, any number
of times, and crosses it off. So a process that dies in between leaves nothing half done.
"""

import asyncio
import json
import time
from collections.abc import Callable, Iterable, Sequence

import structlog

from directory.hours import daily, opening
from directory.model import Level as LevelSettings
from directory.model import Service, ServiceSettings, Tenant, User
from directory.state import SCRIPTS, read_service, read_tenant, read_user
from directory.widget_keys import widget_key, widget_name
from distribution.agents import AgentRules
from distribution.distributor import Distributor
from distribution.service_rules import SETTINGS, Level, ServiceRules
from store.connection import Store
from store.keys import ALL, root

log = structlog.get_logger(__name__)

TENANTS = f"{ALL}tenants"
AT_ONCE = 16


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def service_rules(
    name: str,
    settings: ServiceSettings,
    tenant: Tenant,
    *,
    now: int,
    im_enabled: bool = True,
    licensed: bool = True,
) -> ServiceRules:
    """A service's settings (or the tenant's *Direct* settings) as the distributor's rules.

    `now` (ms): opening hours and sweeps are scheduled from then on, for two weeks.
    """
    given = {field: getattr(settings, field) for field in SETTINGS if field in type(settings).model_fields}
    levels: Sequence[LevelSettings] = settings.levels if isinstance(settings, Service) else ()
    return ServiceRules(
        name=name,
        levels=tuple(Level(level.after_seconds, tuple(level.agents), tuple(level.skills)) for level in levels),
        hours=opening(settings.hours, tenant.time_zone, now) if settings.hours else None,
        sweeps=daily(tenant.sweep_at, tenant.time_zone, now),
        im_enabled=im_enabled,
        licensed=licensed,
        **given,
    )


def rules_of(service: Service, tenant: Tenant, *, now: int) -> ServiceRules:
    """The rules of a service, with its licence and its modality."""
    return service_rules(
        service.name,
        service,
        tenant,
        now=now,
        im_enabled=service.instant_messaging,
        licensed=service.contact_center,
    )


def agent_rules(user: User) -> AgentRules | None:
    """A user's licences and memberships as the distributor's rules; None for a user who is not an agent."""
    if not (user.agent_of or user.interact_user or user.instant_messaging):
        return None
    return AgentRules(
        licensed=user.instant_messaging,
        direct_licensed=user.interact_user,
        services={service: service not in user.inactive_in for service in user.agent_of},
        capacity=user.capacity,
        skills=tuple(user.skills),
    )


class Projection:
    """Transfers changes of the directory. Raises StoreDown; then the rest stays recorded."""

    def __init__(self, store: Store, distributor: Distributor, *, clock: Callable[[], int] = now_ms) -> None:
        """`clock`: the time now, in milliseconds."""
        self._store = store
        self._distributor = distributor
        self._clock = clock

    async def project(self, tenant: str) -> None:
        """Transfer everything of `tenant` that has changed since the last transfer."""
        base = root(tenant)
        parts = await self._store.hgetall(f"{base}unprojected:{tenant}")
        if not parts:
            return
        kinds = [(part, *part.partition(":")[::2]) for part in parts]
        if "tenant" in parts:
            await self._tenant(tenant)
        ways = (("service", self._service), ("user", self._user), ("registration", self._registration))
        for kind, bring_over in ways:
            for some in _in_groups([name for _, of, name in kinds if of == kind]):
                await asyncio.gather(*(bring_over(tenant, name) for name in some))
        again = await self._store.run(SCRIPTS["directory_projected"], base, tenant=tenant, parts=parts)
        log.info("directory_projected", tenant=tenant, parts=len(parts), again=again)

    async def _tenant(self, tenant: str) -> None:
        text = await self._store.hget(f"{root(tenant)}tenant:{tenant}", "doc")
        if text is None:
            return
        found: Tenant = read_tenant(text)
        await self._store.sadd(TENANTS, tenant)
        await self._distributor.set_tenant(tenant, im_enabled=found.instant_messaging)
        await self._distributor.set_direct(tenant, service_rules(found.name, found.direct, found, now=self._clock()))

    async def _service(self, tenant: str, service: str) -> None:
        base = root(tenant)
        text, doc = await self._store.many(
            [("hget", (f"{base}services:{tenant}", service)), ("hget", (f"{base}tenant:{tenant}", "doc"))]
        )
        found: Service | None = read_service(text) if text and doc else None
        if found is None:
            await self._distributor.remove_service(tenant, service)
        else:
            rules = rules_of(found, read_tenant(doc), now=self._clock())
            await self._distributor.set_service(tenant, service, rules)
        await self._widget(tenant, "service", service, exists=found is not None)

    async def _user(self, tenant: str, user: str) -> None:
        text = await self._store.hget(f"{root(tenant)}users:{tenant}", user)
        found: User | None = read_user(text) if text else None
        rules = agent_rules(found) if found else None
        if rules is None:
            await self._distributor.remove_agent(tenant, user)
        else:
            await self._distributor.set_agent(tenant, user, rules)
            await self._registration(tenant, user)
        await self._widget(tenant, "user", user, exists=found is not None and found.interact_user)

    async def _registration(self, tenant: str, user: str) -> None:
        # Others write and transfer at the same time. The last one checks once more, so that the newest state is transferred last.
        told: bool | None = None
        while told is not (now := await self._is_registered(tenant, user)):
            await self._distributor.set_registered(tenant, user, now)
            told = now

    async def _is_registered(self, tenant: str, user: str) -> bool:
        return await self._store.hget(f"{root(tenant)}registrations:{tenant}", user) is not None

    async def _widget(self, tenant: str, kind: str, name: str, *, exists: bool) -> None:
        key = widget_name(await widget_key(self._store, tenant, kind, name))
        if exists:
            await self._store.set(key, json.dumps({"tenant": tenant, kind: name}))
        else:
            await self._store.delete(key)


def _in_groups(names: list[str]) -> Iterable[list[str]]:
    for start in range(0, len(names), AT_ONCE):
        yield names[start : start + AT_ONCE]
