"""What import-linter cannot see: the two modules at the top, and who reads the environment."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("bots", "cards", "conversations", "dialogs", "directory", "distribution", "graph", "identity", "interact",
         "operations", "portal", "store")  # fmt: skip


def modules(room: str) -> Iterator[tuple[str, ast.Module]]:
    for file in sorted((ROOT / room).rglob("*.py")):
        yield str(file.relative_to(ROOT)), ast.parse(file.read_text())


def imported(tree: ast.Module) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("room", ROOMS)
def test_no_room_knows_the_roof(room: str) -> None:
    allowed = {"settings"} if room == "operations" else set[str]()
    for name, tree in modules(room):
        assert imported(tree) & {"app", "settings"} <= allowed, name


@pytest.mark.parametrize("room", ROOMS)
def test_only_settings_reads_the_environment(room: str) -> None:
    for name, tree in modules(room):
        reads = [
            node.lineno
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"}
        ]
        # A worker hands its parent's environment on; the embedded server gets one without Usher's secrets.
        allowed = {"operations/workers.py", "store/allocator.py"}
        assert not reads or name in allowed, f"{name}:{reads}"


def test_there_are_rooms_to_look_at() -> None:
    assert all(list(modules(room)) for room in ROOMS)
