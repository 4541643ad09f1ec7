"""Reads what the loader needs from a Lua file: includes, top-level names, words used.

This is not a parser: it reads line by line and relies on the layout of the files (a top-level `local` begins a line,
and
so does its `end`). It reports faults with file and line, before a server gets the code.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

SHARED_INCLUDES = Path(__file__).parent / "lua" / "include"

# Lua 5.1: a function may use this many names of enclosing functions.
MOST_UPVALUES = 60

_NOT_CODE = re.compile(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|--.*")
_WORD = re.compile(r"(?<![.:\w])[A-Za-z_]\w*")
_CALL = re.compile(r"(?<![.:\w])([A-Za-z_]\w*)\s*\(")
_LOCALS = re.compile(r"\bfunction( \w+|)\(([\w,. ]*)\)|\blocal (?!function\b)([\w, ]+)|\bfor ([\w, ]+?) (?:in|=)")
_LUA_CALLS = frozenset(
    re.findall(
        r"\w+",
        "and assert do else elseif error function if in ipairs next not or pairs pcall return select then tonumber "
        "tostring type unpack until while",
    )
)
_INCLUDE = re.compile(r"--@include ([a-z0-9_]+)\s*")


class ScriptError(Exception):
    """A script cannot be loaded (the message names file and line), or was called with the wrong arguments."""


@dataclass(frozen=True, slots=True)
class LuaFile:
    """`includes`: those that the file names, in order. `functions` and `values`: its top-level locals. `words`: per
    line, the
    identifiers in its code that are not field names."""

    path: Path
    lines: tuple[str, ...]
    includes: tuple[Path, ...]
    functions: tuple[str, ...]
    values: tuple[str, ...]
    words: tuple[frozenset[str], ...]

    @property
    def names(self) -> tuple[str, ...]:
        return self.functions + self.values

    @property
    def used(self) -> frozenset[str]:
        return frozenset(word for words in self.words for word in words)

    def top_functions(self) -> Iterator[tuple[int, str, frozenset[str]]]:
        """Line, name and used words of each top-level function."""
        start, name, used = 0, "", frozenset[str]()
        for number, (line, words) in enumerate(zip(self.lines, self.words, strict=True), start=1):
            if found := re.match(r"local function (\w+)", line):
                start, name, used = number, found[1], frozenset[str]()
            used |= words
            if name and (
                re.match(r"end\b", line) or (start == number and re.search(r"\bend$", code_of(line).rstrip()))
            ):
                yield start, name, used
                name = ""


def code_of(line: str) -> str:
    """The line without its comment and the contents of its strings."""
    return _NOT_CODE.sub(lambda found: "" if found[0].startswith("--") else "''", line)


def read_lua(path: Path) -> LuaFile:
    """Read one file; raise `ScriptError` for a missing or misplaced include, and for numbered arguments."""
    lines = tuple(path.read_text(encoding="utf-8").splitlines())
    includes: list[Path] = []
    functions: list[str] = []
    values: list[str] = []
    words: list[frozenset[str]] = []
    begun = False
    for number, line in enumerate(lines, start=1):
        code = code_of(line)
        found = _INCLUDE.fullmatch(line)
        if found is None and line.lstrip().startswith("--@"):
            raise ScriptError(f"{path.name}:{number}: not an include: `{line}`")
        if found and begun:
            raise ScriptError(f"{path.name}:{number}: includes come before the code")
        if found:
            includes.append(_find_include(path, found[1], number))
        begun = begun or bool(code.strip())
        words.append(frozenset(_WORD.findall(code)))
        for counted in words[-1] & {"KEYS", "ARGV"}:
            raise ScriptError(f"{path.name}:{number}: name the argument instead of {counted}")
        if found := re.match(r"local function (\w+)", code):
            functions.append(found[1])
        elif found := re.match(r"local ([\w, ]+)", code):
            values += re.findall(r"\w+", found[1])
    return LuaFile(path, lines, tuple(includes), tuple(functions), tuple(values), tuple(words))


def check_keeps_nothing(file: LuaFile) -> None:
    """Raise `ScriptError` where an include changes its own local: in a library the value would persist after the
    call."""
    if not file.values:
        return
    names = "|".join(file.values)
    change = re.compile(
        rf"(?:^|\b(?:then|do|else)\b|;)\s*(?:[\w.\[\]]+\s*,\s*)*({names})(?:\.\w+|\[[^\]]*\])*\s*=(?!=)"
        rf"|\btable\.(?:insert|remove|sort)\(\s*({names})\b"
    )
    for number, line in enumerate(file.lines, start=1):
        code = re.sub(r"^local function \w+\([^)]*\)", " ", code_of(line))
        found = change.search(code) if code.startswith(" ") else None
        if found:
            raise ScriptError(
                f"{file.path.name}:{number}: `{found[1] or found[2]}` would persist after the call; "
                "data of one call belongs in `memo`"
            )


def check_calls(file: LuaFile, known: frozenset[str]) -> None:
    """Raise `ScriptError` for a call of a name that neither the file nor its includes define: Lua would fail only when
    it
    executes the call."""
    own = {name for line in file.lines for found in _LOCALS.finditer(code_of(line)) for name in _names_in(found)}
    for number, line in enumerate(file.lines, start=1):
        for name in _CALL.findall(code_of(line)):
            if name not in own and name not in known and name not in _LUA_CALLS:
                raise ScriptError(f"{file.path.name}:{number}: no include of this file defines `{name}`")


def _names_in(found: re.Match[str]) -> list[str]:
    return re.findall(r"\w+", " ".join(group for group in found.groups() if group))


def check_upvalues(file: LuaFile, outer: frozenset[str]) -> None:
    """Raise `ScriptError` for a function that uses more of the names `outer` than Lua allows."""
    for number, name, used in file.top_functions():
        others = used & (outer | {"memo"}) - {name}
        if len(others) > MOST_UPVALUES:
            raise ScriptError(
                f"{file.path.name}:{number}: {name} uses {len(others)} names of others; "
                f"Lua allows a function {MOST_UPVALUES}: split it"
            )


def _find_include(path: Path, name: str, number: int) -> Path:
    folder = path.parent if path.parent.name == "include" else path.parent / "include"
    for candidate in (folder / f"{name}.lua", SHARED_INCLUDES / f"{name}.lua"):
        if candidate.is_file():
            return candidate
    raise ScriptError(f"{path.name}:{number}: no include `{name}` in {folder} or {SHARED_INCLUDES}")


def in_order(files: Sequence[LuaFile], known: dict[Path, LuaFile] | None = None) -> list[LuaFile]:
    """Every include that `files` need, each once, after those that it needs itself; `known`: those read already."""
    out: dict[Path, LuaFile] = {}
    known = {} if known is None else known

    def visit(path: Path, above: tuple[Path, ...]) -> None:
        if path in above:
            raise ScriptError(f"{path.name} includes itself, by way of {above[-1].name}")
        if path in out:
            return
        if path not in known:
            known[path] = read_lua(path)
        for include in known[path].includes:
            visit(include, (*above, path))
        out[path] = known[path]

    for file in files:
        for include in file.includes:
            visit(include, (file.path,))
    return list(out.values())
