"""The file `.env`: one `NAME=value` per line; values are literal.

Tools disagree on `$`, `#` and backslashes in such files. Here a value is taken literally, or rejected with a message: a
secret that is cut or altered silently would appear only as a failed sign-in.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

from store.text import NotUtf8, decoded

_OURS = re.compile(r"(?:export[ \t]+)?(USHER_\w*|HTTPS_PROXY|NO_PROXY)[ \t]*(.*)", re.IGNORECASE)
_QUOTED = re.compile(r"""(?P<quote>['"])(?P<value>.*?)(?P=quote)\s*(?:#.*)?""")
_COMMENT = re.compile(r"\s#")
_LINE = re.compile(r"\r\n|\n|\r")
_OTHERS = 0o007  # permissions of users outside the owner and the group


@dataclass(slots=True)
class EnvFile:
    """`values`: name in lower case → value. `faults`: name ("" = the file), and what is wrong with it, without the value."""

    values: dict[str, str] = field(default_factory=dict[str, str])
    faults: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])


def read_env_file(path: Path) -> EnvFile:
    """Usher's settings in `path`; lines of other programs are ignored. Empty if the file does not exist."""
    found = EnvFile()
    try:
        text = decoded(path.read_bytes())
    except FileNotFoundError:
        return found
    except NotUtf8 as problem:
        found.faults.append(("", str(problem)))
        return found
    except OSError as problem:
        found.faults.append(("", f"cannot be read: {problem.strerror}"))
        return found
    for number, line in enumerate(_LINE.split(text), 1):
        ours = _OURS.fullmatch(line.strip(" \t"))
        if not ours:
            continue
        name, written = ours[1], ours[2].removeprefix("=").lstrip(" \t")
        wrong = _wrong(written) if ours[2].startswith("=") else "is not NAME=value"
        if wrong:
            found.faults.append((name.upper(), f"line {number} of {path} {wrong}"))
        else:
            quoted = _QUOTED.fullmatch(written)
            found.values[name.lower()] = quoted["value"] if quoted else written
    return found


def readable_by_others(path: Path) -> bool:
    """Whether every account on this machine may read or write this file."""
    try:
        return bool(path.stat().st_mode & _OTHERS)
    except OSError:
        return False


def _wrong(written: str) -> str:
    if written[:1] in {"'", '"'}:
        quoted = _QUOTED.fullmatch(written)
        if not quoted:
            return f"begins with {written[0]} and does not end with it; put the value into the other kind of quotes"
        if quoted["quote"] == '"' and "\\" in quoted["value"]:
            return "has a backslash in double quotes; put the value into single quotes"
        return ""
    if _COMMENT.search(written) or (written.startswith("#") and len(written) > 1 and written[1].isspace()):
        return "has a # after a blank; put the comment on a separate line, or the value into single quotes"
    return ""
