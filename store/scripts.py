"""Lua scripts in files: their header is their signature, and bodies name arguments instead of counting them.

A script begins with

    -- accept: the agent takes the offer.
    -- keys: root
    -- args: tenant, task, offer, agent, at:int
    -- returns: verdict, task (JSON)
    -- journal: accepted
    --@include task

The loader declares a Lua local for `root` and for each argument. `name` (or `name:str`) is a string, `name:int` and
`name:num` are numbers, `name:json` is a decoded value; an argument given as None is `''` for a string and nil for the
others. `--@include x` is `<folder>/include/x.lua`, or else `store/lua/include/x.lua`; an include comes once however
often it is asked for, and may include others.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SHARED_INCLUDES = Path(__file__).parent / "lua" / "include"

FIELDS = ("keys", "args", "returns", "journal")
TYPES = {
    "str": "ARGV[{n}]",
    "int": "tonumber(ARGV[{n}])",
    "num": "tonumber(ARGV[{n}])",
    "json": "ARGV[{n}] ~= '' and cjson.decode(ARGV[{n}]) or nil",
}
LUA_WORDS = frozenset(
    re.findall(
        r"\w+",
        "and break do else elseif end false for function goto if in local nil not or repeat return then true until "
        "while KEYS ARGV redis cjson root",
    )
)

Argument = str | int | float | bytes | Mapping[str, Any] | Sequence[Any] | None


class ScriptError(Exception):
    """A script cannot be loaded (its message names file and line), or was called with other arguments than it has."""


@dataclass(frozen=True, slots=True)
class LuaScript:
    """A script that is ready to run; see `Store.run`."""

    name: str
    says: str
    args: tuple[tuple[str, str], ...]
    returns: str
    journal: tuple[str, ...]
    source: str
    sha: str
    # For each line of `source`: where it was written, as `accept.lua:12`.
    origins: tuple[str, ...]

    def encode(self, given: Mapping[str, Argument]) -> list[str | bytes | int | float]:
        """Put arguments, given by name, into the order that the script expects."""
        if len(given) != len(self.args) or any(name not in given for name, _ in self.args):
            wanted = ", ".join(name for name, _ in self.args)
            raise ScriptError(f"{self.name} takes ({wanted}), but was given ({', '.join(given)})")
        return [_encode(kind, given[name]) for name, kind in self.args]

    def locate(self, message: str) -> str:
        """Replace `user_script:<line>` in an error of the server by the file and line that it comes from."""
        return re.sub(r"user_script:(\d+)", lambda found: self.origins[int(found[1]) - 1], message)


def _encode(kind: str, value: Argument) -> str | bytes | int | float:
    if value is None:
        return ""
    if kind == "json":
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, (str, bytes, int, float)):
        return value
    raise ScriptError(f"a {type(value).__name__} needs an argument declared as json")


def load_scripts(folder: Path) -> dict[str, LuaScript]:
    """Load every `*.lua` directly in `folder`, by file stem; raise `ScriptError` if one is not well formed."""
    return {path.stem: _load(path) for path in sorted(folder.glob("*.lua"))}


@dataclass(slots=True)
class _Lines:
    texts: list[str]
    origins: list[str]

    def add(self, text: str, origin: str) -> None:
        self.texts.append(text)
        self.origins.append(origin)


def _load(path: Path) -> LuaScript:
    lines = path.read_text(encoding="utf-8").splitlines()
    says, fields = _read_header(path, lines)
    args = _read_args(path, fields["args"])
    if fields["keys"] != "root":
        raise ScriptError(f"{path.name}: keys must be `root`: every name is built from it, so that all share a slot")
    out = _Lines([], [])
    out.add("local root = KEYS[1]", f"{path.name}:keys")
    for index, (name, kind) in enumerate(args, start=1):
        out.add(f"local {name} = {TYPES[kind].format(n=index)}", f"{path.name}:args")
    _expand(path, lines, out, {path.stem})
    source = "\n".join(out.texts)
    return LuaScript(
        name=path.stem,
        says=says,
        args=args,
        returns=fields["returns"],
        journal=tuple(event for event in re.split(r"[,\s]+", fields["journal"]) if event not in {"", "-", "none"}),
        source=source,
        sha=hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest(),
        origins=tuple(out.origins),
    )


def _read_header(path: Path, lines: Sequence[str]) -> tuple[str, dict[str, str]]:
    first = re.fullmatch(r"-- ([a-z0-9_]+): (\S.*)", lines[0]) if lines else None
    if first is None or first[1] != path.stem:
        raise ScriptError(f"{path.name}:1: must begin with `-- {path.stem}: what it does`")
    says = [first[2]]
    fields: dict[str, str] = {}
    current = ""
    for line in lines[1:]:
        if not line.startswith("--") or line.startswith("--@"):
            break
        text = line[2:].strip()
        found = re.match(rf"({'|'.join(FIELDS)}):\s*(.*)", text)
        if found:
            current = found[1]
            fields[current] = found[2]
        elif current:
            fields[current] = f"{fields[current]} {text}".strip()
        else:
            says.append(text)
    missing = [field for field in FIELDS if field not in fields]
    if missing:
        raise ScriptError(f"{path.name}: the header lacks {', '.join(missing)}")
    return " ".join(says), fields


def _read_args(path: Path, text: str) -> tuple[tuple[str, str], ...]:
    args: list[tuple[str, str]] = []
    for part in (part.strip() for part in text.split(",") if part.strip() not in {"", "-", "none"}):
        found = re.fullmatch(rf"([a-z_][a-z0-9_]*)(?::({'|'.join(TYPES)}))?", part)
        if found is None or found[1] in LUA_WORDS or found[1] in dict(args):
            raise ScriptError(f"{path.name}: `{part}` cannot be an argument")
        args.append((found[1], found[2] or "str"))
    return tuple(args)


def _expand(path: Path, lines: Sequence[str], out: _Lines, seen: set[str]) -> None:
    for number, line in enumerate(lines, start=1):
        found = re.fullmatch(r"--@include ([a-z0-9_]+)\s*", line)
        if line.startswith("--@") and found is None:
            raise ScriptError(f"{path.name}:{number}: not an include: `{line}`")
        counted = re.search(r"\b(KEYS|ARGV)\b", line.split("--", 1)[0])
        if counted:
            raise ScriptError(f"{path.name}:{number}: name the argument instead of {counted[1]}")
        if found is None:
            out.add(line, f"{path.name}:{number}")
        elif found[1] not in seen:
            seen.add(found[1])
            include = _find_include(path, found[1], number)
            _expand(include, include.read_text(encoding="utf-8").splitlines(), out, seen)


def _find_include(path: Path, name: str, number: int) -> Path:
    folder = path.parent if path.parent.name == "include" else path.parent / "include"
    for candidate in (folder / f"{name}.lua", SHARED_INCLUDES / f"{name}.lua"):
        if candidate.is_file():
            return candidate
    raise ScriptError(f"{path.name}:{number}: no include `{name}` in {folder} or {SHARED_INCLUDES}")
