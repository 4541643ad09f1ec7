"""Scripts as a function library of the server: everything of one folder is compiled once, and called by name.

A folder of verbs becomes one library, composed so:

    #!lua name=usher_distribution_1f2e3d4c5b
    local memo, shared, prefix = nil, {}, 'usher_distribution_1f2e3d4c5b_' -- loaded 1764076064000
    local function register(verb, run) …          memo is empty when `run` begins; its bells are rung when it has ended
    do local <what it uses of its includes> = shared.…       for every include, after those that it needs
    <its text>
    shared.<each of its names> = … end
    do local <what it uses of its includes> = shared.…       for every verb
    register('accept', function(root, ARGV) local tenant, … = ARGV[1], …
    <its text>
    end) end

Each file has a block of its own, so that only its own names and what it uses of others count towards Lua's 200 locals.
Locals of a library live on from call to call, so that includes may not change theirs (`check_keeps_nothing`); what one
call knows is kept in `memo`, which begins empty in every call.
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

# What every call of the library goes through.
_REGISTER = (
    "local function register(verb, run) redis.register_function(prefix .. verb, function(KEYS, ARGV) memo = {}"
    " local answer = run(KEYS[1], ARGV)"
    " if memo.bells then redis.call('SPUBLISH', KEYS[1] .. 'bell', table.concat(memo.bells, '\\n')) end"
    " return answer end) end"
)

# Lua 5.1: one block may have this many locals at a time; some are ours.
MOST_LOCALS = 200 - 8

# A release that is being replaced is given this long to end; see `is_left_over`.
LEFT_OVER_AFTER_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class LuaLibrary:
    """`room`: whose scripts these are. `name`: with a digest of the text, so that two releases live side by side."""

    room: str
    name: str
    body: str
    # For each line of the library as the server has it: where it was written, as `accept.lua:12`.
    origins: tuple[str, ...]

    def function(self, verb: str) -> str:
        return f"{self.name}_{verb}"

    def text(self, now: float) -> str:
        """What is loaded; `now` (s since the epoch) is written down in it."""
        first = f"local memo, shared, prefix = nil, {{}}, '{self.name}_' -- loaded {now * 1000:.0f}"
        return f"#!lua name={self.name}\n{first}\n{self.body}"

    def locate(self, message: str) -> str:
        """Replace `user_function:<line>` in an error of the server by the file and line that it comes from."""
        return re.sub(r"@?user_function: ?(\d+)", lambda found: self.origins[int(found[1]) - 1], message)

    def is_left_over(self, name: str, text: str, now: float) -> bool:
        """Whether a library on the server is one of an earlier release that nobody needs any more.

        Redis does not say who still calls a function. It need not be known: whoever misses his library loads it again
        (and by that says that it is in use today), so that one which was loaded a day ago may go when another release
        comes. During a rolling upgrade each of the two is loaded at most once more, and then both stay.
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
    """Put a library together; raise `ScriptError` for what Lua would not take, or what would leak between calls."""
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
            raise ScriptError(f"{verb.file.path.name} uses {len(imports)} names of its includes: divide it")
        opening = f"register('{name}', function(root, ARGV) {verb.locals}"
        add(verb.file, f"do {_declare(imports)} {opening}", "end) end")
    body = "\n".join(texts)
    digest = hashlib.sha256(body.encode()).hexdigest()[:10]
    return LuaLibrary(room, f"usher_{room}_{digest}", body, tuple(origins))


def _imports(file: LuaFile, known: dict[Path, LuaFile]) -> Sequence[str]:
    """What `file` uses of its includes, and of theirs."""
    defined = {name for include in in_order([file], known) for name in include.names}
    imports = sorted(defined & file.used)
    if len(imports) + len(file.names) > MOST_LOCALS:
        raise ScriptError(f"{file.path.name} has, with what it uses, more than {MOST_LOCALS} names: divide it")
    check_calls(file, frozenset(imports))
    check_upvalues(file, frozenset((*imports, *file.names)))
    return imports


def _declare(imports: Sequence[str]) -> str:
    if not imports:
        return ""
    return f"local {', '.join(imports)} = {', '.join(f'shared.{name}' for name in imports)}"
