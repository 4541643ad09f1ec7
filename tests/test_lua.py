"""Every Lua file parses, and a script names only keys of its own package or of a lower one."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import tree_sitter_lua
from tree_sitter import Language, Node, Parser

from store.keys import CATALOGUE

ROOT = Path(__file__).resolve().parents[1]
FILES = sorted(path for path in ROOT.glob("*/lua/**/*.lua"))
PARSER = Parser(Language(tree_sitter_lua.language()))

LEVELS = {"store": 0, "distribution": 1, "conversations": 2, "directory": 2, "identity": 3, "graph": 4, "dialogs": 4}
"""As in the import contracts: a package knows those of a lower number."""


@cache
def owners() -> dict[str, set[str]]:
    """The kind of a key (what follows the root, up to the first colon) → the packages that own such keys."""
    found: dict[str, set[str]] = {}
    for spec in CATALOGUE:
        kind = spec.pattern.removeprefix("<root>").removeprefix("<all>").partition(":")[0]
        found.setdefault(kind, set()).add(spec.owner)
    return found


def text(node: Node | None) -> str:
    return node.text.decode() if node is not None and node.text is not None else ""


def walk(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from walk(child)


def first_operand(node: Node) -> Node:
    """The leftmost part of a chain of `..`, which binds to the right."""
    left = node.child_by_field_name("left")
    return first_operand(left) if left is not None and left.type == "binary_expression" else left or node


def kinds_named(source: bytes) -> Iterator[str]:
    """The kinds of keys that a script names: `root .. 'kind:…'`, `c.root .. 'kind:…'`, `key_of(c, 'kind', …)`."""
    for node in walk(PARSER.parse(source).root_node):
        if node.type == "binary_expression" and text(first_operand(node)) in {"root", "c.root"}:
            following = node.child_by_field_name("right")
            word = first_operand(following) if following is not None else node
        elif node.type == "function_call" and text(node.child_by_field_name("name")) == "key_of":
            given = node.child_by_field_name("arguments")
            word = given.named_children[1] if given is not None and len(given.named_children) > 1 else node
        else:
            continue
        if word.type == "string":
            yield text(word)[1:-1].partition(":")[0]


def faults(package: str, source: bytes) -> list[str]:
    return [
        f"{kind} belongs to {owner}"
        for kind in kinds_named(source)
        for owner in owners().get(kind, {"no package of the catalogue"})
        if owner != package and LEVELS.get(owner, 9) >= LEVELS[package]
    ]


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_a_script_parses_and_names_no_key_of_a_higher_package(file: Path) -> None:
    source = file.read_bytes()
    broken = [
        node.start_point.row + 1 for node in walk(PARSER.parse(source).root_node) if node.is_error or node.is_missing
    ]
    assert broken == [], "lines that do not parse"
    assert faults(file.relative_to(ROOT).parts[0], source) == []


def test_most_keys_of_scripts_are_seen() -> None:
    """Were the names of keys written in another way, the test above would see nothing."""
    seen = {kind for file in FILES for kind in kinds_named(file.read_bytes())}
    assert {"task", "agent", "queue", "ready", "conversation", "room", "due", "journal", "tenant"} <= seen


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("redis.call('HGET', root .. 'task:' .. tenant .. ':' .. task, 'state')", []),
        ("redis.call('GET', root .. 'conversation:' .. tenant)", ["conversation belongs to conversations"]),
        ("local key = key_of(c, 'room', task)", ["room belongs to graph"]),
        ("redis.call('DEL', c.root .. 'nonsense:' .. c.tenant)", ["nonsense belongs to no package of the catalogue"]),
    ],
)
def test_a_key_of_a_higher_package_is_found(line: str, fault: list[str]) -> None:
    assert faults("distribution", line.encode()) == fault
