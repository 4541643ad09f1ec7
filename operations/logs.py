"""What Usher says about itself: structured lines on stderr, without secrets.

`hide_secrets` blots out what is called like a secret (also inside mappings and lists), and what is shaped like one, wherever
it stands: tokens, bearer headers, cookies, and passwords in addresses.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, cast

import structlog

HIDDEN = "…"
DEEPEST = 6
"""Levels of mappings and lists that are looked into; what is deeper is left out."""

# Names of fields that must never be written out, whatever they hold; one word of the name is enough, also in the plural.
SECRET_NAMES = re.compile(
    r"(?:^|[_.\- ])(?:secret(?:_?key)?|password|passwd|token|authorization|cookie|set.?cookie|assertion|code.?verifier"
    r"|credential|private.?key|api.?key|session.?key|access.?key)s?(?:$|[_.\- ])",
    re.IGNORECASE,
)
# Shapes of secrets, with a group for what may stay. A JWT's first part always begins with eyJ ('{"'), a Fernet token with gAAAA.
SECRET_VALUES = (
    # Looked for once in each word: from every place in it, a long word would take its length squared.
    re.compile(r"()(?<![\w-])(?:(?!eyJ)[\w-])*+eyJ[\w-]{8,}+\.[\w-]+\.?[\w-]*"),
    re.compile(r"()(?<![\w-])gAAAA[\w-]{60,}+=*"),
    re.compile(r"(\b(?:bearer|basic) )[\w.~+/-]{6,}=*", re.IGNORECASE),
    re.compile(r"(\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@]{0,100}:)[^\s/@]{1,500}(?=@)", re.IGNORECASE),
    re.compile(r"(\b(?:set-)?cookie: ?)[^\r\n]+", re.IGNORECASE),
    re.compile(
        r"""(\b[\w-]{0,40}(?:secret(?:_?key)?|password|passwd|token|cookie|assertion|code_verifier|api_?key)s?"""
        r"""(?:["'] ?: ?["']|=["']?|:(?=\S)))[^\s"'&;,]{4,}""",
        re.IGNORECASE,
    ),
)
# Libraries that log each request or reconnect at INFO.
NOISY = ("azure", "httpx", "httpcore", "msal", "aiohttp.access", "urllib3", "botbuilder", "botframework")


def hide_secrets(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: blot out fields that are called like secrets, and secrets inside texts."""
    for name, value in event.items():
        event[name] = _hidden(name, value, DEEPEST)
    return event


def _hidden(name: str, value: Any, deeper: int) -> Any:
    # A count, a yes or no is no secret, whatever it is called (`tokens_left`).
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if SECRET_NAMES.search(name):
        return HIDDEN
    if isinstance(value, str):
        return without_secrets(value)
    if isinstance(value, (bytes, bytearray)):
        return without_secrets(bytes(value).decode(errors="replace"))
    if isinstance(value, (Mapping, list, tuple, set, frozenset)):
        return _looked_into(name, value, deeper) if deeper else HIDDEN
    # Errors and objects are written as their text; it may hold the secret that they failed with.
    return without_secrets(str(value)) if isinstance(value, BaseException) else value


def _looked_into(name: str, value: Any, deeper: int) -> Any:
    if isinstance(value, Mapping):
        inner = cast("Mapping[Any, Any]", value)
        return {key: _hidden(str(key), entry, deeper - 1) for key, entry in inner.items()}
    return [_hidden(name, entry, deeper - 1) for entry in value]


def without_secrets(text: str) -> str:
    """`text` with what is shaped like a secret blotted out, in a time that grows with its length."""
    for shape in SECRET_VALUES:
        text = shape.sub(rf"\1{HIDDEN}", text)
    return text


def configure_logs(*, level: str, as_json: bool) -> None:
    """Send structlog's and the standard library's lines through the same processors to stderr."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        hide_secrets,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )  # fmt: skip
    renderer = (
        structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
