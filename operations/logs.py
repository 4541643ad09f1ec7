"""What Usher says about itself: structured lines on stderr, without secrets.

The product logs fields, never sentences with values in them, so a secret could only get in as the value of a field:
`hide_secrets` blots out every field whose name says what it holds, and every bearer token inside any value.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

HIDDEN = "…"
# Names of fields that must never be written out, whatever they hold.
SECRET_NAMES = re.compile(
    r"(secret|password|token|authorization|cookie|assertion|code_verifier|api_key)$", re.IGNORECASE
)
# JWTs and bearer headers that found their way into an error's text. A JWT's first part always begins with eyJ ('{"').
# Looked for once in each word: from every place in it, a long word would take its length squared.
SECRET_VALUES = re.compile(r"((?<![\w-])(?:(?!eyJ)[\w-])*+eyJ[\w-]{8,}+\.[\w-]+\.?[\w-]*|(?<=[Bb]earer )[\w.~+/-]+=*)")
# Libraries that log each request or reconnect at INFO.
NOISY = ("azure", "httpx", "httpcore", "msal", "aiohttp.access", "urllib3", "botbuilder", "botframework")


def hide_secrets(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: blot out fields named like secrets, and tokens inside texts."""
    for name, value in event.items():
        if SECRET_NAMES.search(name):
            event[name] = HIDDEN
        elif isinstance(value, str):
            event[name] = SECRET_VALUES.sub(HIDDEN, value)
    return event


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
