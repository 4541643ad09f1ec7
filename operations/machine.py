"""What this machine lets a process have: open files, and so connections."""

import resource
from typing import Final

import structlog

log = structlog.get_logger(__name__)

_RESERVED: Final = 160
"""Descriptors for the store, Microsoft, files, and what the libraries open."""

_MOST: Final = 100_000
"""Connections; ten times what one process serves well."""

_FEW: Final = 2_000


def raise_open_files() -> int:
    """Raise the limit of open files to what the system allows; returns it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        except (OSError, ValueError) as error:  # some systems say "unlimited", and do not mean it
            log.warning("open_files_not_raised", soft=soft, hard=hard, why=str(error))
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if limit != resource.RLIM_INFINITY and limit < _FEW:
        log.warning("few_open_files", limit=limit, advice="set LimitNOFILE=65536 in the unit of the service")
    return limit


def connections_for(open_files: int) -> int:
    """How many connections may be open so that the process never runs out of descriptors."""
    if open_files == resource.RLIM_INFINITY:
        return _MOST
    return max(16, min(_MOST, open_files - _RESERVED))
