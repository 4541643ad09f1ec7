"""What import-linter cannot see: the two modules at the top, and who reads the environment."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("bots", "cards", "conversations", "dialogs", "directory", "distribution", "entry", "graph", "identity", "interact",
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


@pytest.mark.parametrize("version", ["3.14.0", "3.14.1", "3.14.2"])
def test_the_lowest_aiohttp_has_no_known_advisory(version: str) -> None:
    """3.14.1 ends eight of them; 3.14.2 GHSA-mfx4-hv73-q22v and GHSA-mq44-7p77-q5h7; 3.14.3 GHSA-cq5v-8q36-5273."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    required = [Requirement(line) for line in project["dependencies"]]
    (aiohttp,) = [one for one in required if one.name == "aiohttp"]
    assert version not in aiohttp.specifier
