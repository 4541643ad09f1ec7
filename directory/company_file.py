"""The tables of a company's file. What stands below a field is what docs/services.md says of it."""

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
    """A person. With an object id, `upn` and `name` may stand beside it; then nobody is asked who that is."""

    user: PersonName
    """UPN or object id."""
    upn: Upn | None = None
    """Only beside an object id: the UPN."""
    name: Name | None = None
    """The name to show; left out: the one in Entra."""
    instant_messaging: bool = False
    """The licence to be offered chats."""
    interact_user: bool = False
    """The licence for a widget of his own: chats straight to him."""
    capacity: Annotated[int, between(1, 10)] = 1
    """So many chats at once. With 1, after-call work counts as one."""
    skills: Slugs = ()
    """What he can do, such as `"french"`; levels of services name skills."""
    services: Slugs = ()
    """Services whose agent he is."""
    owns: Slugs = ()
    """Services that he owns."""
    supervises: Slugs = ()
    """Services that he supervises."""
    roles: Sequence[Role] = ()
    """`admin` makes a tenant admin; the other roles follow from the lists above, and are held against them."""
    widget: WidgetSettings | None = None
    """His widget."""


class CompanyFile(Settings):
    """What stands at the top, before all tables."""

    replace: bool = False
    """What is not in the file goes; otherwise it is kept."""
    tenant: Tenant
    """The company."""
    services: Sequence[Service] = ()
    """Its services."""
    users: Sequence[UserEntry] = ()
    """Its people."""


@dataclass(frozen=True, slots=True)
class Company:
    """A file that is right by itself, with the lines of its fields."""

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
