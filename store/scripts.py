"""Lua scripts in files: the header is the signature, and bodies use argument names instead of numbers.

A script begins with

    -- accept: the agent takes the offer.
    -- keys: root
    -- args: tenant, task, offer, agent, at:int
    -- returns: verdict, task (JSON)
    -- journal: accepted
    --@include task

The loader declares a Lua local for `root` and for each argument. `name` (or `name:str`) is a string, `name:int` and
`name:num` are numbers, `name:json` is a decoded value; None becomes `''` for a string and nil for the other types.
`--@include x` is `<folder>/include/x.lua`, or else `store/lua/include/x.lua`; an include is loaded once however often
it
is named, and may name others. Includes come before the code. All scripts of a folder are loaded into the server as one
library (`library.py`).
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from store.library import LuaLibrary, Verb, compose, room_of
from store.lua_files import SHARED_INCLUDES, LuaFile, ScriptError, read_lua

__all__ = ["SHARED_INCLUDES", "Argument", "LuaLibrary", "LuaScript", "ScriptError", "load_scripts"]

FIELDS = ("keys", "args", "returns", "journal")
TYPES = {
    "str": "ARGV[{n}]",
    "int": "tonumber(ARGV[{n}])",
    "num": "tonumber(ARGV[{n}])",
    "json": "ARGV[{n}] ~= '' and cjson.decode(ARGV[{n}]) or nil",
}
PLAIN = frozenset({str, int})
LUA_WORDS = frozenset(
    re.findall(
        r"\w+",
        "and break do else elseif end false for function goto if in local nil not or repeat return then true until "
        "while KEYS ARGV redis cjson root memo shared prefix register",
    )
)

Argument = str | int | float | bytes | Mapping[str, Any] | Sequence[Any] | None


@dataclass(frozen=True, slots=True)
class LuaScript:
    """A script that is ready to run; see `Store.run`."""

    name: str
    says: str
    args: tuple[tuple[str, str], ...]
    returns: str
    journal: tuple[str, ...]
    library: LuaLibrary
    # The script's name on the server.
    function: str

    def encode(self, given: Mapping[str, Argument]) -> list[str | bytes | int | float]:
        """Put named arguments into the order that the script expects."""
        try:
            if len(given) == len(self.args):
                # Fast path: most arguments are plain text and numbers, and every call passes here.
                return [
                    cast("str | int", value)
                    if type(value := given[name]) in PLAIN and kind != "json"
                    else _encode(kind, value)
                    for name, kind in self.args
                ]
        except KeyError:
            pass
        wanted = ", ".join(name for name, _ in self.args)
        raise ScriptError(f"{self.name} takes ({wanted}), but was given ({', '.join(given)})")


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
    headers = [_read(path) for path in sorted(folder.glob("*.lua"))]
    library = compose(room_of(folder), {header.name: Verb(header.file, header.locals) for header in headers})
    return {
        header.name: LuaScript(
            header.name,
            header.says,
            header.args,
            header.returns,
            header.journal,
            library,
            library.function(header.name),
        )
        for header in headers
    }


@dataclass(frozen=True, slots=True)
class _Header:
    name: str
    says: str
    args: tuple[tuple[str, str], ...]
    returns: str
    journal: tuple[str, ...]
    file: LuaFile

    @property
    def locals(self) -> str:
        """Lua code that names the script's arguments."""
        values = [TYPES[kind].format(n=index) for index, (_, kind) in enumerate(self.args, start=1)]
        return f"local {', '.join(name for name, _ in self.args)} = {', '.join(values)}" if values else ""


def _read(path: Path) -> _Header:
    file = read_lua(path)
    says, fields = _read_header(path, file.lines)
    args = _read_args(path, fields["args"])
    if fields["keys"] != "root":
        raise ScriptError(f"{path.name}: keys must be `root`: every name is built from it, so that all share a slot")
    journal = tuple(event for event in re.split(r"[,\s]+", fields["journal"]) if event not in {"", "-", "none"})
    return _Header(path.stem, says, args, fields["returns"], journal, file)


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
