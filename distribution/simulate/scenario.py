"""A synthetic day: arrivals and staff by the hour, how long things take, and the policies to compare. Times are seconds."""

import tomllib
from dataclasses import dataclass, fields, replace
from typing import Any, cast

from distribution.service_rules import BadRules, ServiceRules, check_service_rules

HOURS = 24
MOST_MORE = 1_000


class ScenarioError(ValueError):
    """The file does not describe a day; the message names the field and says why."""


@dataclass(frozen=True, slots=True)
class Policy:
    """A service's settings under a name that the table shows."""

    name: str
    rules: ServiceRules
    more_agents: int = 0  # beside those of a recorded day


@dataclass(frozen=True, slots=True)
class Scenario:
    arrivals: tuple[float, ...]  # chats an hour, for each hour of the day
    agents: tuple[int, ...]  # on duty, for each hour of the day
    handling_seconds: float  # mean of an exponential distribution, from Accept to the end of the talk
    answer_seconds: float = 0  # from the offer to Accept or Decline
    patience_seconds: float = 0  # mean of an exponential distribution, until a waiting customer leaves; 0 = never
    declines: float = 0  # share of the offers
    misses: float = 0  # share of the offers that nobody answers
    capacity: int = 1
    seed: int = 1
    policies: tuple[Policy, ...] = (Policy("as it is", ServiceRules("Simulated")),)

    def with_agents(self, count: int) -> "Scenario":
        """The same day with so many agents at every hour."""
        return replace(self, agents=(count,) * HOURS)


def parse_scenario(text: str) -> Scenario:
    """Out of TOML: the fields of `Scenario` at the top, `[[policies]]` with a `name` and fields of `ServiceRules`.

    A single number for `arrivals` or `agents` holds all day. Raises ScenarioError.
    """
    given = _toml(text)
    known = {field.name for field in fields(Scenario)}
    for name in given:
        if name not in known:
            raise ScenarioError(f"{name}: there is no such setting; there are {', '.join(sorted(known))}")
    for name in ("arrivals", "agents", "handling_seconds"):
        if name not in given:
            raise ScenarioError(f"{name}: is missing")
    values = {name: given[name] for name in given if name not in {"policies", "arrivals", "agents"}}
    for name, value in values.items():
        if not isinstance(value, int | float) or isinstance(value, bool) or value < 0:
            raise ScenarioError(f"{name}: must be a number, 0 or more")
    scenario = Scenario(arrivals=_by_hour(given, "arrivals"), agents=_by_hour(given, "agents", whole=True), **values)
    if "policies" in given:
        scenario = replace(scenario, policies=tuple(_policy(table) for table in _tables(given["policies"])))
    _check(scenario)
    return scenario


def _toml(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise ScenarioError(str(problem)) from None


def _by_hour(given: dict[str, Any], name: str, *, whole: bool = False) -> tuple[Any, ...]:
    value = given[name]
    numbers = cast("list[Any]", value) if isinstance(value, list) else [value] * HOURS
    kind = int if whole else (int, float)
    if len(numbers) != HOURS or not all(isinstance(number, kind) and number >= 0 for number in numbers):
        raise ScenarioError(f"{name}: must be one number, or one for each of the {HOURS} hours, 0 or more")
    return tuple(numbers)


def _tables(value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not value:
        raise ScenarioError("policies: must be tables, [[policies]]")
    return cast("list[dict[str, Any]]", value)


def parse_policies(text: str, recorded: ServiceRules) -> tuple[Policy, ...]:
    """Out of TOML: `[[policies]]`, what of the recorded settings is different, and `more_agents`. Raises ScenarioError."""
    given = _toml(text)
    for name in given:
        if name != "policies":
            raise ScenarioError(f"{name}: is recorded; only policies can be given")
    policies: list[Policy] = []
    for table in _tables(given.get("policies")):
        more = table.pop("more_agents", 0)
        if not isinstance(more, int) or not 0 <= more <= MOST_MORE:
            raise ScenarioError(f"policies: more_agents: must be a whole number between 0 and {MOST_MORE}")
        policies.append(replace(_policy(table, recorded), more_agents=more))
    return tuple(policies)


def _policy(table: dict[str, Any], other: ServiceRules | None = None) -> Policy:
    """`other`: what holds where the table names nothing; without it what a new service has."""
    name = str(table.get("name", ""))
    if not name:
        raise ScenarioError("policies: each needs a name")
    settings = {key: value for key, value in table.items() if key != "name"}
    known = {field.name for field in fields(ServiceRules)} - {"name", "levels", "hours", "sweeps"}
    for key in settings:
        if key not in known:
            raise ScenarioError(f"policies: {key}: cannot be simulated")
    rules = replace(other or ServiceRules(name), **{**settings, "name": name})
    try:
        check_service_rules(rules)
    except BadRules as problem:
        raise ScenarioError(f"policies: {name}: {problem}") from None
    return Policy(name, rules)


def _check(scenario: Scenario) -> None:
    if scenario.handling_seconds == 0:
        raise ScenarioError("handling_seconds: must be more than 0")
    if not 1 <= scenario.capacity <= 10:
        raise ScenarioError("capacity: must be between 1 and 10")
    if scenario.declines + scenario.misses > 1:
        raise ScenarioError("declines: together with misses, they must be 1 at most")
