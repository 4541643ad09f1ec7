"""The OpenAPI 3.1 document, made from the route table and the models: what it says is what the code does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from portal.schemas import Nothing, Problem

COMMON = {
    401: "Nobody is signed in",
    403: "The call did not come from one of Usher's own pages, or this person may not do it",
    413: "The body is too large",
    429: "Too many open pages, or too many requests at once from one address",
    503: "The store is down; Retry-After says when to come back",
}
MEANING = COMMON | {
    400: "The body or a parameter is not right; `field` names it",
    404: "There is no such task, service or agent for this person",
    409: "Not possible as things are; `code` and `message` say why",
}
REFERENCE = "#/components/schemas/{model}"


@dataclass(frozen=True, slots=True)
class Operation:
    method: str
    path: str
    name: str
    summary: str
    description: str
    body: type[BaseModel]
    answer: type[BaseModel] | str | None  # a model, a media type, or nothing
    refusals: tuple[int, ...]
    parts: Mapping[str, str]  # what the parts of the path look like


def document(prefix: str, operations: Sequence[Operation]) -> dict[str, Any]:
    models = {Problem, *(one.body for one in operations if one.body is not Nothing)}
    models |= {one.answer for one in operations if isinstance(one.answer, type)}
    ordered = sorted(models, key=lambda model: model.__name__)
    _, schemas = models_json_schema([(model, "serialization") for model in ordered], ref_template=REFERENCE)
    paths: dict[str, dict[str, Any]] = {}
    for one in operations:
        paths.setdefault(prefix + one.path, {})[one.method.lower()] = _operation(one)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Usher portal", "version": "1"},
        "paths": paths,
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {"session": {"type": "apiKey", "in": "cookie", "name": "usher"}},
        },
        "security": [{"session": []}],
    }


def _operation(one: Operation) -> dict[str, Any]:
    writes = one.method != "GET"
    statuses = {401, 429, 503, *one.refusals} | ({400, 403, 413} if writes else set[int]())
    if one.parts:
        statuses.add(404)
    problem = {"application/json": {"schema": _ref(Problem)}}
    made: dict[str, Any] = {
        "operationId": one.name,
        "summary": one.summary,
        "description": one.description,
        "parameters": _parameters(one, writes=writes),
        "responses": _success(one)
        | {str(status): {"description": MEANING[status], "content": problem} for status in sorted(statuses)},
    }
    if writes and one.body is not Nothing:
        made["requestBody"] = {"required": True, "content": {"application/json": {"schema": _ref(one.body)}}}
    return made


def _parameters(one: Operation, *, writes: bool) -> list[dict[str, Any]]:
    text = {"type": "string"}
    found: list[dict[str, Any]] = []
    found += [
        {"name": part, "in": "path", "required": True, "schema": text | {"pattern": f"^{shape}$"}}
        for part, shape in one.parts.items()
    ]
    if one.answer == "text/event-stream":
        found.append({"name": "surface", "in": "query", "required": False, "schema": text})
    if writes:
        found.append({"name": "x-usher", "in": "header", "required": True, "schema": {"const": "1"}})
    return found


def _success(one: Operation) -> dict[str, Any]:
    match one.answer:
        case None:
            return {"204": {"description": "Done"}}
        case str(media):
            return {"200": {"description": "The answer", "content": {media: {}}}}
        case model:
            return {"200": {"description": "The answer", "content": {"application/json": {"schema": _ref(model)}}}}


def _ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": REFERENCE.format(model=model.__name__)}
