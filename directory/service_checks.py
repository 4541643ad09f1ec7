"""Which of a service's settings contradict each other. (Its model checks single values.)"""

from collections.abc import Iterable

from directory.company_file import Company
from directory.errors import LoadError
from directory.model import Level, ServiceSettings
from directory.service_model import OVERFLOW_WORDS
from directory.toml_lines import Path


def check_services(company: Company) -> Iterable[LoadError]:
    """In a file by itself: levels, idle times, and the target of `overflow`."""
    direct = company.file.tenant.direct
    yield from _silence(company, ("tenant", "direct"), direct)
    if direct.overflow not in OVERFLOW_WORDS:
        message = f"must be form or wait for chats straight to a user, and is {direct.overflow}"
        yield company.error(("tenant", "direct", "overflow"), message)
    for index, service in enumerate(company.file.services):
        path: Path = ("services", index)
        if service.id in OVERFLOW_WORDS:
            yield company.error(
                (*path, "id"), f"must not be {service.id}: `overflow` means something else by that word"
            )
        yield from _silence(company, path, service)
        for number, level in enumerate(service.levels):
            before = service.levels[number - 1] if number else None
            yield from _level(company, (*path, "levels", number), level, before)


def _silence(company: Company, path: Path, settings: ServiceSettings) -> Iterable[LoadError]:
    warn, end = settings.idle_warn_seconds, settings.idle_seconds
    if end and warn >= end:
        field = "idle_warn_seconds" if "idle_warn_seconds" in settings.model_fields_set else "idle_seconds"
        yield company.error(
            (*path, field), f"makes no sense: the warning would come after {warn} s, the end after {end} s"
        )


def _level(company: Company, path: Path, level: Level, before: Level | None) -> Iterable[LoadError]:
    if not level.agents and not level.skills:
        yield company.error(path, "names neither agents nor skills")
    if before is None and level.after_seconds:
        yield company.error((*path, "after_seconds"), "must be 0: the first level opens at once")
    if before is not None and level.after_seconds <= before.after_seconds:
        message = f"must be more than the {before.after_seconds} s of the level before it, and is {level.after_seconds}"
        yield company.error((*path, "after_seconds"), message)
