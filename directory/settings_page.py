"""The tables of settings in docs/services.md, generated from the models: `python -m directory.settings_page` updates
them."""

import types
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import AfterValidator
from pydantic.fields import FieldInfo

from directory.company_file import MODELS
from directory.fields import Settings
from distribution.service_rules import Between

PAGE = Path(__file__).parents[1] / "docs" / "services.md"
BEGIN = "<!-- settings: written by `python -m directory.settings_page` -->"
END = "<!-- /settings -->"


def tables() -> str:
    """Every table of a company's file as Markdown, in the file's order."""
    return "\n\n".join(_table(name, model) for name, model in MODELS.items())


def with_tables(page: str) -> str:
    """`page` with the current tables between the two marks."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{tables()}\n\n{END}{after}"


def _table(name: str, model: type[Settings]) -> str:
    doubled = name.partition(".")[0] in {"services", "users"} and name not in {"services.hours", "services.widget"}
    title = f"`[[{name}]]`" if doubled else f"`[{name}]`" if name else "The whole file"
    # Inherited settings come last: a service begins with its name.
    fields = sorted(model.model_fields.items(), key=lambda field: field[0] not in model.__annotations__)
    own = [(field, info) for field, info in fields if field not in MODELS or name]
    rows = [
        f"| `{field}` | {_kind(info)} | {_default(info)} | {_cell(info.description or '')} |" for field, info in own
    ]
    head = ["| setting | values | default | what it is |", "|---|---|---|---|"]
    return "\n".join([f"### {title}", "", *_introduction(model), *head, *rows])


def _introduction(model: type[Settings]) -> list[str]:
    return [(model.__doc__ or "").partition("\n\n")[0].strip(), ""]


def _kind(info: FieldInfo) -> str:
    for made in _metadata(info):
        if isinstance(made, Between):
            text = f"{made.low:,} to {made.high:,}"
            return f"{text} {made.unit}".strip()
    return _cell(_type(info.annotation))


def _metadata(info: FieldInfo) -> Sequence[Any]:
    return [made.func for made in info.metadata if isinstance(made, AfterValidator)]


def _type(annotation: Any) -> str:
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type(parts[0])
    if origin is Literal:
        return ", ".join(f"`{part}`" for part in parts)
    if origin in {Union, types.UnionType}:
        return " or ".join(_type(part) for part in parts if part is not type(None))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return f"table of lists of {_type(get_args(parts[1])[0])}"
    if isinstance(origin, type) and issubclass(origin, Sequence):
        of = _type(parts[0])
        return "tables" if of == "table" else f"list of {of}"
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return ", ".join(f"`{word}`" for word in annotation)
    if isinstance(annotation, type) and issubclass(annotation, Settings):
        return "table"
    return {bool: "`true`, `false`", str: "text", int: "number"}[annotation]


def _default(info: FieldInfo) -> str:
    if info.is_required():
        return "must be given"
    value = info.get_default(call_default_factory=True)
    match value:
        case None | Settings() | () | {}:
            return "none" if not isinstance(value, Settings) else "see there"
        case bool():
            return f"`{str(value).lower()}`"
        case int():
            return f"{value:,}"
        case str():
            return f'`"{value}"`'
        case _:
            return ", ".join(f"`{text}`" for text in value)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
