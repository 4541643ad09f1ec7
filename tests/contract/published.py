"""What Microsoft publishes, from each source that is at hand: always the packages, and the files where they are there."""

from functools import cache
from typing import Any

import jsonschema

from sandbox.values import Json
from tests.contract import files, packages


def card_schemas() -> list[Json]:
    """One schema, as long as the file is equal to the package's."""
    known = [packages.card_schema()]
    if files.THERE and (beside := files.read("adaptive-card-1.5.schema.json")) not in known:
        known.append(beside)
    return known


def manifest_schemas() -> list[Json]:
    known = [packages.manifest_schema()]
    return [*known, files.read("teams-manifest-1.29.schema.json")] if files.THERE else known


@cache
def _card_validators() -> list[jsonschema.Draft6Validator]:
    return [jsonschema.Draft6Validator(schema) for schema in card_schemas()]


def card_faults(card: Json) -> list[str]:
    """What the card schema says against a card. `msteams` is Teams' own and not in it."""
    plain = {name: value for name, value in card.items() if name != "msteams"}
    return [error.message for validator in _card_validators() for error in validator.iter_errors(plain)]  # pyright: ignore[reportUnknownMemberType] jsonschema's attrs are partly untyped


def card_is_good(card: Json) -> bool:
    """Whether there are no `card_faults`, in much less time."""
    plain = {name: value for name, value in card.items() if name != "msteams"}
    return all(validator.is_valid(plain) for validator in _card_validators())  # pyright: ignore[reportUnknownMemberType] as above


def connector_operations() -> list[dict[tuple[str, str], str]]:
    """(method, path) of each operation that is published, with its name; once for each source."""
    known = [packages.connector_operations()]
    return [*known, files.connector_operations()] if files.THERE else known


def connector_faults(value: Any, definition: str) -> list[str]:
    """What the published interface says against a value of this definition."""
    found = packages.connector_faults(value, definition)
    return [*found, *files.connector_faults(value, definition)] if files.THERE else found


def graph_names(name: str) -> list[set[str]]:
    """The properties of a Graph type, those of its bases included, by their JSON names; once for each source."""
    known = [packages.graph_names(name)]
    return [*known, set(files.graph_properties(name)) | files.graph_navigation(name)] if files.THERE else known


def graph_faults(value: Json, name: str) -> list[str]:
    """What is said against a resource of this type, or of the derived one that it calls itself."""
    found = packages.graph_faults(value, name)
    return [*found, *files.graph_faults(value, name)] if files.THERE else found
