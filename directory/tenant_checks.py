"""Rules for a tenant as a whole, once a file is merged with the stored data: names, licences, levels, overflow."""

from collections.abc import Iterable, Mapping, Sequence

from directory.company_file import Company, UserEntry
from directory.errors import LoadError
from directory.model import Licences, Service
from directory.projection import now_ms, rules_of
from directory.service_model import OVERFLOW_WORDS
from directory.state import State
from directory.toml_lines import Path
from distribution.service_rules import BadRules, check_service_rules

MOST_HOPS = 3
"""The maximum number of overflows of a chat (product.md 4)."""

People = Sequence[tuple[UserEntry, Mapping[str, str]]]
"""The people in the file, each with id, UPN and name."""


def check_tenant(company: Company, people: People, after: State) -> Iterable[LoadError]:
    """Every fault of `after`, at the field of the file that causes it."""
    yield from _unknown_services(company, after)
    yield from _same_upn(company, people, after)
    yield from _licences(company, after)
    yield from _level_agents(company, people, after)
    overflow = list(_overflow(company, after))
    yield from overflow
    yield from _rules(company, after, said={error.field for error in overflow})


def _unknown_services(company: Company, after: State) -> Iterable[LoadError]:
    for index, entry in enumerate(company.file.users):
        for field in ("services", "owns", "supervises"):
            for number, service in enumerate(getattr(entry, field)):
                if service not in after.services:
                    yield company.error(
                        ("users", index, field, number), f"names {service}, and there is no such service"
                    )


def _same_upn(company: Company, people: People, after: State) -> Iterable[LoadError]:
    owners: dict[str, set[str]] = {}
    for user in after.users.values():
        owners.setdefault(user.upn.lower(), set()).add(user.id)
    for index, (_, person) in enumerate(people):
        if person["upn"] and len(owners[person["upn"].lower()]) > 1:
            yield company.error(("users", index, "upn"), f"is {person['upn']}, which another user has")


def _licences(company: Company, after: State) -> Iterable[LoadError]:
    assert after.tenant is not None
    services, users = after.services.values(), after.users.values()
    used = {
        "contact_center": ("services", [service.id for service in services if service.contact_center]),
        "interact_service": ("services", [service.id for service in services if service.interact]),
        "instant_messaging": ("users", [user.upn or user.name for user in users if user.instant_messaging]),
        "interact_user": ("users", [user.upn or user.name for user in users if user.interact_user]),
    }
    assert used.keys() == Licences.model_fields.keys()
    for name, (what, holders) in used.items():
        number = getattr(after.tenant.licences, name)
        if len(holders) > number:
            few = ", ".join(holders[:5]) + (", …" if len(holders) > 5 else "")
            message = f"is {number}, and {len(holders)} {what} have it: {few}"
            yield company.error(("tenant", "licences", name), message)


def _level_agents(company: Company, people: People, after: State) -> Iterable[LoadError]:
    at = {service.id: index for index, service in enumerate(company.file.services)}
    of_person = {person["id"]: index for index, (_, person) in enumerate(people)}
    for service in after.services.values():
        for number, level in enumerate(service.levels):
            for place, agent in enumerate(level.agents):
                user = after.users.get(agent)
                if user is not None and service.id in user.agent_of:
                    continue
                index = at.get(service.id)
                if index is not None and "levels" in company.file.services[index].model_fields_set:
                    name = company.file.services[index].levels[number].agents[place]
                    path: Path = ("services", index, "levels", number, "agents", place)
                    yield company.error(path, f"names {name}, who is not an agent of {service.id}")
                elif agent in of_person:
                    message = f"leaves out {service.id}, which names them in level {number + 1}"
                    yield company.error(("users", of_person[agent], "services"), message)


def _overflow(company: Company, after: State) -> Iterable[LoadError]:
    at = {service.id: index for index, service in enumerate(company.file.services)}
    said: set[int] = set()
    # Services of the file first: faults are described from their side.
    for name in (*at, *sorted(set(after.services) - set(at))):
        way = _way(after.services[name], after.services)
        wrong = _wrong_way(way, after.services)
        # The stored data was valid by itself: every fault now involves a service of the file.
        index = next((at[name] for name in way if name in at), None)
        if wrong and index is not None and index not in said:
            said.add(index)
            yield company.error(("services", index, "overflow"), wrong)


def _wrong_way(way: Sequence[str], services: Mapping[str, Service]) -> str:
    """What is wrong with this chain of overflows, "" if nothing; later faults are reported by the services there."""
    first, last = way[0], way[-1]
    if last not in services:
        return f"is {last}, and there is no such service" if len(way) == 2 else ""
    if len(way) == 1:
        return ""
    if first == last:
        return "is the service itself" if len(way) == 2 else f"goes round in a circle: {', '.join(way)}"
    repeated = len(set(way)) < len(way)
    return (
        "" if repeated or len(way) <= MOST_HOPS + 1 else f"goes on for more than {MOST_HOPS} services: {', '.join(way)}"
    )


def _way(service: Service, services: Mapping[str, Service]) -> list[str]:
    """The services that a chat of this one overflows to, itself first; it ends before a repetition."""
    way = [service.id]
    target = service.overflow
    while target not in OVERFLOW_WORDS:
        again = target in way
        way.append(target)
        if again or target not in services:
            break
        target = services[target].overflow
    return way


def _rules(company: Company, after: State, *, said: set[str]) -> Iterable[LoadError]:
    """The distributor decides: rules that it would reject are not loaded."""
    assert after.tenant is not None
    for index, service in enumerate(company.file.services):
        try:
            check_service_rules(rules_of(after.services[service.id], after.tenant, now=now_ms()))
        except BadRules as problem:
            error = company.error(("services", index, problem.field), problem.why)
            if error.field not in said:
                yield error
