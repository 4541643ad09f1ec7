"""Every call of the portal's OpenAPI document, made up by schemathesis, at the running product, as each kind of person.

Whatever is asked, the answer is one that the document promises: its status, its content type, its shape; never a 5xx.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import one_of
from schemathesis import GenerationMode

from directory.load import apply, parse
from portal.routes import DOCUMENT, ROUTES
from tests.story.stage import TENANT, Stage

pytestmark = [pytest.mark.story, pytest.mark.xdist_group("story")]

SCHEMA: Any = schemathesis.openapi.from_dict(DOCUMENT)
KNOWN = import_module("schemathesis.checks").CHECKS  # half typed
CHECKS = [
    KNOWN.get_one(name)
    for name in (
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_schema_conformance",
    )
]
CALLS = [f"{route.method} {route.path}" for route in ROUTES if route.answer != "text/event-stream"]
ROLES = ("agent", "supervisor", "admin")
SUPERVISOR = "11111111-0000-4000-8000-00000000feed"


@dataclass
class Theatre:
    """The stage, and what calls can be about: real people, a real service, real chats."""

    stage: Stage
    cookies: dict[str, str]
    service: str
    agent: str
    tasks: list[str]

    def make(self, call: str, role: str, examples: int) -> int:
        """Make `examples` calls of this kind, good ones and bad ones; every second names what exists."""
        method, path = call.split(" ")
        operation = SCHEMA[f"/api/v1{path}"][method]
        turns = self._parts()
        made = 0

        @given(
            case=one_of(
                operation.as_strategy(generation_mode=GenerationMode.POSITIVE),
                operation.as_strategy(generation_mode=GenerationMode.NEGATIVE),
            )
        )
        @settings(
            max_examples=examples,
            database=None,
            derandomize=True,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        )
        def every(case: Any) -> None:
            nonlocal made
            made += 1
            real = next(turns)
            case.path_parameters = {name: real.get(name, value) for name, value in case.path_parameters.items()}
            answer = case.call(
                base_url=self.stage.app,
                session=session,
                cookies={"usher": self.cookies[role]},
                headers={"Origin": self.stage.app},
            )
            case.validate_response(answer, checks=CHECKS)

        with requests.Session() as session:
            every()
        return made

    def _parts(self) -> Iterator[dict[str, str]]:
        """Turn by turn: what was made up stays, or the parts of the path become real ones."""
        for task in cycle(self.tasks):
            yield {}
            yield {"task": task, "service": self.service, "user": self.agent}


@pytest.fixture(scope="module")
async def theatre(stage: Stage) -> Theatre:
    company = await stage.company("Ann", "Bob")
    await stage.control("POST", "/users", {"id": SUPERVISOR, "upn": "sue@fabrikam.example", "name": "Sue"})
    lines = f"""
        [tenant]
        id = "{TENANT}"
        name = "Fabrikam Gardens"
        [[users]]
        user = "{SUPERVISOR}"
        upn = "sue@fabrikam.example"
        name = "Sue"
        roles = ["supervisor"]
        supervises = ["{company.service}"]
    """
    await apply(stage.directory, parse(lines, Path("company.toml")), resolve_upn=stage.known)
    tasks: list[str] = []
    for name in ("Mia", "Noah", "Zoe"):
        visitor = await stage.visitor(company.widget, name)
        await visitor.say("Hello")
        tasks.append(visitor.task)
    ann = company.agents[0].user
    cookies: dict[str, str] = {}
    for role, person in zip(ROLES, (ann, SUPERVISOR, "olivia@fabrikam.example"), strict=True):
        portal = await stage.portal(person)
        cookies[role] = next(cookie.value for cookie in portal.http.cookie_jar if cookie.key == "usher")
    return Theatre(stage, cookies, company.service, ann, tasks)


@pytest.fixture
def no_faults(stage: Stage) -> Iterator[None]:
    """Meanwhile the product logs no fault of its own."""
    log = stage.folder / "app.log"
    before = log.stat().st_size
    yield
    said = log.read_bytes()[before:].decode()
    assert "[error" not in said, said[-4_000:]


@pytest.mark.usefixtures("no_faults")
@pytest.mark.parametrize("role", ROLES)
async def test_a_sample_of_every_call_is_answered_as_documented(theatre: Theatre, role: str) -> None:
    assert sum(theatre.make(call, role, 3) for call in CALLS) >= len(CALLS)


@pytest.mark.long
@pytest.mark.usefixtures("no_faults")
@pytest.mark.timeout(300)
@pytest.mark.parametrize("role", ROLES)
async def test_every_call_is_answered_as_documented(theatre: Theatre, role: str) -> None:
    assert sum(theatre.make(call, role, 60) for call in CALLS) >= 20 * len(CALLS)


@pytest.mark.parametrize("role", ROLES)
def test_the_live_line_is_answered_as_documented(theatre: Theatre, role: str) -> None:
    """Its answers do not end: only their heads are looked at."""
    address, cookies = f"{theatre.stage.app}/api/v1/events", {"usher": theatre.cookies[role]}
    documented = DOCUMENT["paths"]["/api/v1/events"]["get"]["responses"]
    for query, headers in (
        ("", {"x-usher": "1"}),
        ("?surface=%00", {"x-usher": "1"}),
        ("", {}),
        ("?surface=x&x=%ff", {"x-usher": "1"}),
    ):
        with requests.get(address + query, headers=headers, cookies=cookies, stream=True, timeout=10) as answer:
            assert answer.headers["Content-Type"].split(";")[0] in documented[str(answer.status_code)]["content"]
