"""Checks JSON bodies of the sandbox's pages and of tests; each fault is one sentence."""

from dataclasses import dataclass
from typing import Any, Self

from sandbox.problems import Problem, refuse
from sandbox.values import is_list, is_object


@dataclass(frozen=True, slots=True)
class Shape:
    """A JSON object and its name in error messages."""

    value: dict[str, Any]
    name: str

    @classmethod
    def of(cls, value: object, name: str) -> Self:
        if not is_object(value):
            raise refuse("teams.body_bad", why=f"{name} must be a JSON object.")
        return cls(value, name)

    def bad(self, why: str) -> Problem:
        return refuse("teams.body_bad", why=f"In {self.name}, {why}.")

    def only(self, *names: str) -> Self:
        """Return itself if it holds no other fields."""
        for name in self.value:
            if name not in names:
                raise self.bad(f"{name} is not known; it may hold {', '.join(names)}")
        return self

    def shape(self, name: str) -> "Shape":
        """A nested object; empty if it is missing."""
        return Shape.of(self.value.get(name, {}), name)

    def text(self, name: str) -> str:
        value = self.maybe_text(name)
        if value is None:
            raise self.bad(f"{name} is missing")
        return value

    def maybe_text(self, name: str) -> str | None:
        value = self.value.get(name)
        if value is not None and not isinstance(value, str):
            raise self.bad(f"{name} must be a text")
        return value

    def texts(self, name: str) -> list[str]:
        value = self.value.get(name)
        if not is_list(value):
            raise self.bad(f"{name} must be a list of strings")
        return [str(entry) for entry in value]

    def maybe_integer(self, name: str) -> int | None:
        value = self.value.get(name)
        if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
            raise self.bad(f"{name} must be a whole number")
        return value

    def maybe_number(self, name: str) -> float | None:
        value = self.value.get(name)
        if value is not None and (not isinstance(value, int | float) or isinstance(value, bool)):
            raise self.bad(f"{name} must be a number")
        return value

    def flag(self, name: str, *, otherwise: bool = False) -> bool:
        value = self.value.get(name, otherwise)
        if not isinstance(value, bool):
            raise self.bad(f"{name} must be true or false")
        return value
