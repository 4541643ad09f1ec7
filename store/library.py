"""Scripts as a function library of the server: all scripts of a folder are compiled once, and called by name.

A folder of scripts becomes one library, in this form:

    #!lua name=usher_distribution_1f2e3d4c5b
    local memo, shared, prefix = nil, {}, 'usher_distribution_1f2e3d4c5b_' -- loaded 1764076064000
    local function register(verb, run) …          memo is empty when `run` begins; its change signals are sent at the end
    do local <what it uses of its includes> = shared.…       for every include, after those that it needs
    <its text>
    shared.<each of its names> = … end
    do local <what it uses of its includes> = shared.…       for every verb
    register('accept', function(root, ARGV) local tenant, … = ARGV[1], …
    <its text>
    end) end

Each file has its own block, so that only its own names and the names it uses from others count towards Lua's 200
locals.
Locals of a library persist between calls, so includes must not change theirs (`check_keeps_nothing`); data of one
call is in `memo`, which is empty at the start of every call.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from store.lua_files import (
    MOST_UPVALUES,
    LuaFile,
    ScriptError,
    check_calls,
    check_keeps_nothing,
    check_upvalues,
    in_order,
)

# Every call of the library passes through this.
_REGISTER = (
    "local function register(verb, run) redis.register_function(prefix .. verb, function(KEYS, ARGV) memo = {}"
    " local answer = run(KEYS[1], ARGV)"
    " if memo.bells then redis.call('SPUBLISH', KEYS[1] .. 'bell', table.concat(memo.bells, '\\n')) end"
    " return answer end) end"
)

# Lua 5.1: a block may have this many locals at a time; the library's frame uses some.
MOST_LOCALS = 200 - 8

# An earlier release gets this long to end; see `is_left_over`.
LEFT_OVER_AFTER_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class LuaLibrary:
    """`room`: the package of the scripts. `name` includes a digest of the text, so that two releases run side by
    side."""

    room: str
    name: str
    body: str
    # For each line of the library as sent to the server: its source, as `accept.lua:12`.
    origins: tuple[str, ...]

    def function(self, verb: str) -> str:
        return f"{self.name}_{verb}"

    def text(self, now: float) -> str:
        """The library's code; `now` (s since the epoch) is recorded in it."""
        first = f"local memo, shared, prefix = nil, {{}}, '{self.name}_' -- loaded {now * 1000:.0f}"
        return f"#!lua name={self.name}\n{first}\n{self.body}"

    def locate(self, message: str) -> str:
        """Replace `user_function:<line>` in an error of the server with the source file and line."""
        return re.sub(r"@?user_function: ?(\d+)", lambda found: self.origins[int(found[1]) - 1], message)

    def is_left_over(self, name: str, text: str, now: float) -> bool:
        """Whether a library on the server belongs to an earlier release that is no longer used.

        Redis does not report who still calls a function. This needs no answer: a process whose library is missing loads
        it again
        (and so shows that it is in use), so a library that was loaded more than a day ago may be removed when another
        release
        starts. During a rolling upgrade each of the two is loaded at most once more, and then both stay.
        """
        if name == self.name or not re.fullmatch(rf"usher_{self.room}_[0-9a-f]{{10}}", name):
            return False
        loaded = re.search(r"\A.*\n.* -- loaded (\d+)$", text, re.MULTILINE)
        return loaded is None or int(loaded[1]) / 1000 < now - LEFT_OVER_AFTER_SECONDS


@dataclass(frozen=True, slots=True)
class Verb:
    """A script's own file, and the Lua that declares its arguments."""

    file: LuaFile
    locals: str


def room_of(folder: Path) -> str:
    """The name of a folder of scripts: `distribution` for `distribution/lua`."""
    return re.sub(r"\W", "_", (folder.parent if folder.name == "lua" else folder).name)


def compose(room: str, verbs: Mapping[str, Verb]) -> LuaLibrary:
    """Compose a library; raise `ScriptError` for code that Lua would reject, or that would leak between calls."""
    known: dict[Path, LuaFile] = {}
    texts = [_REGISTER]
    origins = ["library:name", "library:head", "library:register"]

    def add(file: LuaFile, opening: str, closing: str) -> None:
        texts.extend((opening, *file.lines, closing))
        origins.extend((f"{file.path.name}:head", *(f"{file.path.name}:{n + 1}" for n in range(len(file.lines)))))
        origins.append(f"{file.path.name}:end")

    includes = in_order([verb.file for verb in verbs.values()], known)
    owner: dict[str, LuaFile] = {}
    for file in includes:
        for name in file.names:
            if name in owner:
                raise ScriptError(f"{file.path.name} and {owner[name].path.name} both define `{name}`")
            owner[name] = file
    for file in includes:
        check_keeps_nothing(file)
        imports = _imports(file, known)
        exports = "; ".join(f"shared.{name} = {name}" for name in file.names)
        add(file, f"do {_declare(imports)}", f"{exports} end")
    for name, verb in verbs.items():
        imports = _imports(verb.file, known)
        if len(imports) >= MOST_UPVALUES:  # `memo` is one more
            raise ScriptError(f"{verb.file.path.name} uses {len(imports)} names of its includes: split it")
        opening = f"register('{name}', function(root, ARGV) {verb.locals}"
        add(verb.file, f"do {_declare(imports)} {opening}", "end) end")
    body = "\n".join(texts)
    digest = hashlib.sha256(body.encode()).hexdigest()[:10]
    return LuaLibrary(room, f"usher_{room}_{digest}", body, tuple(origins))


def _imports(file: LuaFile, known: dict[Path, LuaFile]) -> Sequence[str]:
    """The names that `file` uses from its includes, and from theirs."""
    defined = {name for include in in_order([file], known) for name in include.names}
    imports = sorted(defined & file.used)
    if len(imports) + len(file.names) > MOST_LOCALS:
        raise ScriptError(f"{file.path.name} has, with the names it uses, more than {MOST_LOCALS} names: split it")
    check_calls(file, frozenset(imports))
    check_upvalues(file, frozenset((*imports, *file.names)))
    return imports


def _declare(imports: Sequence[str]) -> str:
    if not imports:
        return ""
    return f"local {', '.join(imports)} = {', '.join(f'shared.{name}' for name in imports)}"
