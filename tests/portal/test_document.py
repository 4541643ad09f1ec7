"""The OpenAPI document, the models and web/portal/types.ts say the same. (`browser.py` holds every answer against it.)"""

import re
from pathlib import Path

from jsonschema import Draft202012Validator
from pydantic import BaseModel

from portal import schemas
from portal.routes import API, DOCUMENT, ROUTES
from tests.portal.browser import Browser

TYPES = Path(__file__).parents[2] / "web" / "portal" / "types.ts"
SAME: dict[str, type[BaseModel]] = {
    "Words": schemas.Words,
    "Task": schemas.TaskView,
    "CodeCategory": schemas.CodeCategoryView,
    "Service": schemas.ServiceView,
    "AgentService": schemas.AgentServiceView,
    "AgentState": schemas.AgentView,
    "Registration": schemas.RegistrationView,
    "Me": schemas.MeView,
    "ServiceName": schemas.ServiceName,
    "TeamTask": schemas.TeamTaskView,
    "TeamAgent": schemas.TeamAgentView,
    "TargetService": schemas.TargetServiceView,
    "TargetAgent": schemas.TargetAgentView,
    "Targets": schemas.TargetsView,
    "Team": schemas.TeamView,
    "TeamTasks": schemas.TeamTasksView,
    "WaitingTask": schemas.WaitingTaskView,
    "WaitingService": schemas.WaitingView,
    "Pieces": schemas.Pieces,
    "Update": schemas.Update,
    "TaskAnswer": schemas.TaskAnswer,
    "TranscriptMessage": schemas.MessageView,
    "Transcript": schemas.Transcript,
}


async def test_the_served_document_describes_every_route(anna: Browser) -> None:
    served = await anna.call("GET", "/openapi.json")
    described = {(method.upper(), path) for path, methods in served["paths"].items() for method in methods}
    assert described == {(route.method, API + route.path) for route in ROUTES}
    for component in served["components"]["schemas"].values():
        Draft202012Validator.check_schema(component)


def test_every_reference_in_the_document_leads_somewhere() -> None:
    references = set(re.findall(r"'#/components/schemas/(\w+)'", str(DOCUMENT)))
    assert references
    assert references <= set(DOCUMENT["components"]["schemas"])


def test_every_operation_has_its_own_name_and_words() -> None:
    operations = [one for methods in DOCUMENT["paths"].values() for one in methods.values()]
    assert len({one["operationId"] for one in operations}) == len(ROUTES)
    assert all(one["summary"] for one in operations)


def test_the_pages_types_are_the_models() -> None:
    source = TYPES.read_text(encoding="utf-8")
    for name, model in SAME.items():
        found = re.search(
            rf"^export interface {name}(?: extends \w+)? \{{\n(.*?)^\}}", source, re.MULTILINE | re.DOTALL
        )
        assert found, f"{name} is not in types.ts"
        fields = dict(re.findall(r"^  (\w+): (.*);$", found[1], re.MULTILINE))
        assert set(fields) == set(model.model_fields), name
        for field, type_name in fields.items():
            optional = "None" in str(model.model_fields[field].annotation)
            assert ("null" in type_name) == optional, f"{name}.{field}"
