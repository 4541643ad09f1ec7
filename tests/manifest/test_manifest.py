"""The app package is what Microsoft's schema and Teams' rules for icons ask for."""

import json
import os
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from graph.permissions import RSC
from manifest.build import AppFacts, CannotBuild, main, manifest, write_package
from tests.contract.published import manifest_schemas

FACTS = AppFacts(
    teams_app_id="0b9c2f9a-6f0e-4a53-8a0f-6f2f7d7a1c12",
    bot_app_id="0b9c2f9a-6f0e-4a53-8a0f-6f2f7d7a1c11",
    public_url="https://usher.example.com",
    version="0.1.0",
)


def faults(made: Any) -> list[str]:
    validators: list[Any] = [jsonschema.Draft4Validator(schema) for schema in manifest_schemas()]
    found = {"/".join(map(str, error.path)) for validator in validators for error in validator.iter_errors(made)}
    return sorted(found)


def test_the_manifest_fits_microsofts_schema() -> None:
    assert faults(manifest(FACTS)) == []


def test_the_schema_would_notice_a_mistake() -> None:
    wrong = manifest(FACTS)
    wrong["bots"][0]["scopes"] = ["personal", "groupchat"]
    assert faults(wrong) == ["bots/0/scopes/1"]


def test_it_asks_for_the_permissions_of_the_one_table() -> None:
    asked = manifest(FACTS)["authorization"]["permissions"]["resourceSpecific"]
    assert [entry["name"] for entry in asked] == [permission.name for permission in RSC]


def test_tabs_and_sign_in_point_to_where_usher_runs() -> None:
    made = manifest(FACTS)
    assert [(tab["name"], tab["contentUrl"]) for tab in made["staticTabs"]] == [
        ("My Sessions", "https://usher.example.com/portal/"),
        ("User Preferences", "https://usher.example.com/portal/preferences"),
    ]
    assert made["webApplicationInfo"]["resource"] == f"api://usher.example.com/{FACTS.bot_app_id}"
    assert made["validDomains"] == ["usher.example.com"]


@pytest.mark.parametrize("address", ["http://127.0.0.1:3978", "https://localhost:3978", "http://usher.example.com"])
def test_an_address_that_teams_cannot_open_is_refused(address: str) -> None:
    with pytest.raises(CannotBuild, match="https"):
        manifest(AppFacts(FACTS.teams_app_id, FACTS.bot_app_id, address, "0.1.0"))


def test_an_address_with_a_port_is_refused() -> None:
    with pytest.raises(CannotBuild, match="no port"):
        manifest(AppFacts(FACTS.teams_app_id, FACTS.bot_app_id, "https://usher.example.com:8443", "0.1.0"))


def test_the_package_holds_manifest_and_icons_and_is_the_same_every_time(tmp_path: Path) -> None:
    write_package(FACTS, tmp_path / "one" / "usher.zip")
    write_package(FACTS, tmp_path / "two.zip")
    assert (tmp_path / "one" / "usher.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "two.zip") as package:
        assert package.namelist() == ["manifest.json", "color.png", "outline.png"]
        assert json.loads(package.read("manifest.json")) == manifest(FACTS)
        assert _size(package.read("color.png")) == (192, 192)
        assert _size(package.read("outline.png")) == (32, 32)
        assert _colours(package.read("outline.png")) == {(255, 255, 255)}


def test_the_command_names_the_settings_that_are_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("USHER_")]:
        monkeypatch.delenv(name)
    assert main([]) == 2
    assert "USHER_BOT_APP_ID: missing" in capsys.readouterr().err


def test_the_command_writes_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = {
        "USHER_PUBLIC_URL": FACTS.public_url,
        "USHER_BOT_APP_ID": FACTS.bot_app_id,
        "USHER_BOT_APP_SECRET": "s",
        "USHER_TENANT_ID": FACTS.bot_app_id,
        "USHER_SECRET_KEY": "k" * 32,
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert main(["--version", "0.2.0"]) == 0
    with zipfile.ZipFile(tmp_path / "build" / "usher.zip") as package:
        assert json.loads(package.read("manifest.json"))["version"] == "0.2.0"
    assert "upload it" in capsys.readouterr().out


def _size(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    return struct.unpack(">II", png[16:24])


def _colours(png: bytes) -> set[tuple[int, int, int]]:
    """The colours of all pixels that can be seen; the icon has 8 bits a channel, alpha, and no row filters."""
    width, _ = _size(png)
    start = png.index(b"IDAT") + 4
    rows = zlib.decompress(png[start : start + struct.unpack(">I", png[start - 8 : start - 4])[0]])
    seen: set[tuple[int, int, int]] = set()
    for row in range(0, len(rows), 1 + 4 * width):
        assert rows[row] == 0
        for at in range(row + 1, row + 1 + 4 * width, 4):
            if rows[at + 3]:
                seen.add((rows[at], rows[at + 1], rows[at + 2]))
    return seen
