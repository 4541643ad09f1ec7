"""The tables of a company's file. The docstring below a field is its description in docs/services.md."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from directory.errors import LoadError, field_name
from directory.fields import Name, PersonName, Settings, Upn, between
from directory.hours import OpeningHours
from directory.model import CodeCategory, Level, Licences, Role, Service, Slugs, Tenant, WidgetSettings
from directory.toml_lines import Lines
from directory.toml_lines import Path as FieldPath


class UserEntry(Settings):
    """A user. With an object id, `upn` and `name` may be given too; then Entra is not asked."""

    user: PersonName
    """UPN or object id."""
    upn: Upn | None = None
    """Only beside an object id: the UPN."""
    name: Name | None = None
    """The display name; left out: the one in Entra."""
    instant_messaging: bool = False
    """The licence to be offered chats."""
    interact_user: bool = False
    """The licence for a personal widget: chats directly to this user."""
    capacity: Annotated[int, between(1, 10)] = 1
    """Maximum concurrent chats. With 1, a chat in ACW counts as one."""
    skills: Slugs = ()
    """Skills, such as `"french"`; levels of services name skills."""
    services: Slugs = ()
    """Services in which the user is an agent."""
    owns: Slugs = ()
    """Services that the user owns."""
    supervises: Slugs = ()
    """Services that the user supervises."""
    roles: Sequence[Role] = ()
    """`admin` makes the user a tenant admin; the other roles follow from the lists above, and must agree with them."""
    widget: WidgetSettings | None = None
    """The user's widget."""


class CompanyFile(Settings):
    """The settings at the top, before all tables."""

    replace: bool = False
    """Remove everything that is not in the file; otherwise it is kept."""
    tenant: Tenant
    """The company."""
    services: Sequence[Service] = ()
    """Its services."""
    users: Sequence[UserEntry] = ()
    """Its people."""


@dataclass(frozen=True, slots=True)
class Company:
    """A file that is valid by itself, with the lines of its fields."""

    path: Path
    file: CompanyFile
    lines: Lines

    def error(self, path: FieldPath, message: str) -> LoadError:
        """An error at the field `path`."""
        return LoadError(self.lines.of(path), field_name(path), message)


MODELS: Mapping[str, type[Settings]] = {
    "": CompanyFile,
    "tenant": Tenant,
    "tenant.licences": Licences,
    "services": Service,
    "services.levels": Level,
    "services.hours": OpeningHours,
    "services.codes": CodeCategory,
    "services.widget": WidgetSettings,
    "users": UserEntry,
}
"""The tables of a company's file. `tenant.direct` has the settings of a service, `users.widget` those of a widget."""

KNOWN = {name for model in MODELS.values() for name in model.model_fields}
