"""Builds the Teams app package: `python -m manifest.build` writes `build/usher.zip` from the settings."""

import argparse
import json
import sys
import tomllib
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from entry.hosts import leads_here
from graph.permissions import RSC
from settings import SettingsError, load_settings

HERE = Path(__file__).parent
ICONS = ("color.png", "outline.png")
SCHEMA = "https://developer.microsoft.com/json-schemas/teams/v1.29/MicrosoftTeams.schema.json"


class CannotBuild(Exception):
    """The package cannot be built; the text says why."""


@dataclass(frozen=True, slots=True)
class AppFacts:
    """The facts that differ between organisations. `version` must grow for every upload that changes anything."""

    teams_app_id: str
    bot_app_id: str
    public_url: str
    version: str


def manifest(facts: AppFacts) -> dict[str, Any]:
    """The manifest, schema 1.29. Raises CannotBuild when Teams could not open the pages it names."""
    address = urlsplit(facts.public_url)
    if address.scheme != "https" or leads_here(facts.public_url):
        raise CannotBuild(
            f"USHER_PUBLIC_URL is {facts.public_url}, but Teams opens only https addresses that it can reach."
        )
    if address.port is not None:
        raise CannotBuild(
            f"USHER_PUBLIC_URL is {facts.public_url}, but a Teams app's domains have no port: let a proxy listen on 443."
        )
    portal = f"{facts.public_url}/portal/"
    return {
        "$schema": SCHEMA,
        "manifestVersion": "1.29",
        "version": facts.version,
        "id": facts.teams_app_id,
        "developer": {
            "name": "Usher",
            "websiteUrl": portal,
            "privacyUrl": portal,
            "termsOfUseUrl": portal,
        },
        "name": {"short": "Usher", "full": "Usher: website visitors in Microsoft Teams"},
        "description": {
            "short": "Brings website visitors to the right person in Microsoft Teams.",
            "full": (
                "A visitor chats on your company's website. Usher offers the chat to one agent after the other with a "
                "card in Teams; the agent who accepts talks to the visitor in a new Teams group chat. My Sessions "
                "shows what is waiting, open and past; in User Preferences you register with the bot."
            ),
        },
        "icons": {"color": "color.png", "outline": "outline.png"},
        "accentColor": "#2f6f4e",
        "bots": [
            {
                "botId": facts.bot_app_id,
                # The scopes are case-sensitive: `groupchat` is accepted by old clients only.
                "scopes": ["personal", "groupChat"],
                "isNotificationOnly": False,
                "supportsFiles": False,
            }
        ],
        "staticTabs": [
            _tab("sessions", "My Sessions", portal),
            _tab("preferences", "User Preferences", f"{portal}preferences"),
        ],
        "defaultInstallScope": "personal",
        "validDomains": [address.hostname],
        "webApplicationInfo": {
            "id": facts.bot_app_id,
            "resource": f"api://{address.hostname}/{facts.bot_app_id}",
        },
        "authorization": {
            "permissions": {
                "resourceSpecific": [{"name": permission.name, "type": "Application"} for permission in RSC]
            }
        },
    }


def write_package(facts: AppFacts, path: Path) -> None:
    """Write the zip; the same facts give the same bytes. Raises CannotBuild, OSError."""
    text = json.dumps(manifest(facts), indent=2, ensure_ascii=False) + "\n"
    contents = {"manifest.json": text.encode()} | {name: (HERE / name).read_bytes() for name in ICONS}
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as package:
        for name, content in contents.items():
            # Without a fixed date the package would differ at every build.
            package.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Returns 0 if the package was written, else 2."""
    parser = argparse.ArgumentParser(prog="python -m manifest.build", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("build/usher.zip"), help="where to write it (build/usher.zip)")
    parser.add_argument("--version", default=own_version(), help="the app's version; raise it for an update")
    given = parser.parse_args(arguments)
    try:
        settings = load_settings()
        facts = AppFacts(settings.teams_app, settings.bot_app_id, settings.public_url, given.version)
        write_package(facts, given.out)
    except (SettingsError, CannotBuild) as problem:
        print(problem, file=sys.stderr)  # noqa: T201  # a command prints for a person
        return 2
    print(f"{given.out}: upload it in the Teams admin centre under Teams apps, Manage apps, Upload new app.")  # noqa: T201  # as above
    return 0


def own_version() -> str:
    """Usher's version, as this checkout says."""
    project = tomllib.loads((HERE.parent / "pyproject.toml").read_text(encoding="utf-8"))
    return str(project["project"]["version"])


def _tab(entity: str, name: str, address: str) -> dict[str, Any]:
    return {
        "entityId": entity,
        "name": name,
        "contentUrl": address,
        "websiteUrl": address,
        "scopes": ["personal"],
    }


if __name__ == "__main__":
    sys.exit(main())
