"""The rules that the directory projects into the distributor: tenants, services, agents."""

from dataclasses import fields
from typing import Any

from distribution.agents import AgentRules, check_agent_rules, pairs
from distribution.scripts import Scripts
from distribution.service_rules import BadRules, Level, ServiceRules, check_service_rules

DIRECT = ""
"""The *Direct* settings of a tenant are kept like a service without a name."""


_FIELDS = tuple(field.name for field in fields(ServiceRules) if field.name != "name")


class RuleVerbs(Scripts):
    """Changed rules take effect at once: agents who become selectable are offered what waits."""

    async def set_tenant(self, tenant: str, *, im_enabled: bool, virtual: bool = False, at: int = 0) -> None:
        """Switch Instant Messaging on or off. A virtual tenant takes its time from the `at` of each call; that cannot be undone."""
        await self._run("set_tenant", tenant, im_enabled=int(im_enabled), virtual=int(virtual), at=at)

    async def set_service(self, tenant: str, service: str, rules: ServiceRules, *, at: int = 0) -> None:
        """Raises BadRules when a setting makes no sense; then nothing is changed."""
        check_service_rules(rules)
        if rules.overflow == service:
            raise BadRules("overflow", "must not be the service itself")
        await self._run("set_service", tenant, service=service, name=rules.name, rules=rule_words(rules), at=at)
        await self._refresh_members(tenant, service, at)

    async def set_direct(self, tenant: str, rules: ServiceRules, *, at: int = 0) -> None:
        """The tenant's *Direct* settings; raises BadRules."""
        await self.set_service(tenant, DIRECT, rules, at=at)

    async def remove_service(self, tenant: str, service: str, *, at: int = 0) -> None:
        """Nobody is offered its tasks any more: what waits is cancelled, running talks end normally."""
        while await self._run("remove_service", tenant, service=service, at=at) == "more":
            pass

    async def end_all(self, tenant: str, service: str, *, actor: str, at: int = 0) -> int:
        """End every task that the service has now, for the supervisor `actor`: talks are terminated and go on to ACW, all
        others are cancelled. Returns how many; those that come meanwhile stay. A deadline goes on should this process die.
        """
        count, more, begin = 0, "more", True
        while more == "more":
            more, ended = await self._run("end_all", tenant, service=service, actor=actor, begin_anew=int(begin), at=at)
            count, begin = count + int(ended), False
        return count

    async def set_agent(self, tenant: str, user: str, rules: AgentRules, *, at: int = 0) -> None:
        """Raises BadRules. A new agent is on duty, and offline until their presence is known."""
        check_agent_rules(rules)
        services = " ".join(f"{service}={int(active)}" for service, active in sorted(rules.services.items()))
        await self._run(
            "set_agent",
            tenant,
            user=user,
            licensed=int(rules.licensed),
            direct_licensed=int(rules.direct_licensed),
            services=services,
            capacity=rules.capacity,
            skills=" ".join(rules.skills),
            at=at,
        )

    async def remove_agent(self, tenant: str, user: str, *, at: int = 0) -> None:
        """Their offers are withdrawn, their running talks end normally, no new ones come."""
        await self._run("remove_agent", tenant, user=user, at=at)

    async def _refresh_members(self, tenant: str, service: str, at: int) -> None:
        """Go on until every member is looked at; a deadline goes on with it should this process die."""
        while await self._run("refresh_members", tenant, service=service, at=at) == "more":
            pass


def rule_words(rules: ServiceRules) -> str:
    """As the scripts and the journal have them, `field=value`; without the name, which may hold spaces."""
    return " ".join(f"{name}={_word(getattr(rules, name), name)}" for name in _FIELDS)


def _word(value: Any, field: str) -> str | int:
    """A rule as the scripts read it: without spaces and equals signs, which part the rules from each other."""
    match field:
        case "levels":
            return "|".join(
                f"{level.after_seconds}:{','.join(level.agents)}:{','.join(level.skills)}" for level in value
            )
        case "hours":
            return "always" if value is None else ",".join(f"{start}-{end}" for start, end in value)
        case "sweeps":
            return ",".join(map(str, value))
        case _:
            return int(value) if isinstance(value, bool) else value


def service_rules(name: str, words: str) -> ServiceRules:
    """The rules that the journal tells of, `field=value` words; what this version does not know is passed over."""
    given, known = (
        dict(pairs(words)),
        {field.name: field.default for field in fields(ServiceRules) if field.name != "name"},
    )
    values: dict[str, Any] = {field: _value(given[field], field, known[field]) for field in given if field in known}
    return ServiceRules(name, **values)


def _value(word: str, field: str, default: Any) -> Any:
    match field:
        case "levels":
            parts = [level.split(":") for level in word.split("|")] if word else []
            return tuple(Level(int(after), _names(users), _names(skills)) for after, users, skills in parts)
        case "hours":
            spans = (span.split("-") for span in word.split(",") if span)
            return None if word == "always" else tuple((int(start), int(end)) for start, end in spans)
        case "sweeps":
            return tuple(int(at) for at in _names(word))
        case _:
            return type(default)(int(word) if isinstance(default, int) else word)


def _names(word: str) -> tuple[str, ...]:
    return tuple(word.split(",")) if word else ()
