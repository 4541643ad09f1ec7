"""Faults in a company's file: all of them at once, each with line, field and a sentence."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from directory.toml_lines import Lines, Path

WORDS: Mapping[str, str] = {
    "missing": "is missing",
    "extra_forbidden": "is not known here",
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "string_type": "must be text in quotes",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "is_instance_of": "must be a list",
    "model_type": "must be a table",
    "dict_type": "must be a table",
}


@dataclass(frozen=True, slots=True)
class LoadError:
    """`line`: counted from 1, 0 for the file as a whole. `field`: such as `services[1].offer_seconds`."""

    line: int
    field: str
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.field} {self.message}"


class LoadErrors(Exception):
    """A company's file has faults; nothing of it was loaded. `errors` are in the order of their lines."""

    def __init__(self, errors: Iterable[LoadError]) -> None:
        self.errors: Sequence[LoadError] = sorted(errors, key=lambda error: (error.line, error.field))
        super().__init__("\n".join(map(str, self.errors)))


def field_name(path: Path) -> str:
    """`("services", 1, "offer_seconds")` as `services[1].offer_seconds`."""
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in path]
    return "".join(parts).removeprefix(".") or "file"


def in_words(problem: ValidationError, lines: Lines, known: Iterable[str]) -> list[LoadError]:
    """pydantic's findings as faults of the file; `known`: field names, to suggest one for a misspelt one."""
    names = list(known)
    found = problem.errors(include_url=False)
    return [LoadError(lines.of(error["loc"]), field_name(error["loc"]), _message(error, names)) for error in found]


def _message(error: Any, known: Sequence[str]) -> str:
    kind = str(error["type"])
    if kind == "value_error":
        return str(error["ctx"]["error"])
    if kind in {"literal_error", "enum"}:
        return f"must be {error['ctx']['expected']}, and is {error['input']!r}"
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(str(error["loc"][-1]), known, n=1)
        return WORDS[kind] + (f"; is `{near[0]}` meant?" if near else "")
    return WORDS.get(kind, str(error["msg"]))
