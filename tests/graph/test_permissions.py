"""One table says what Usher may do; everything else that lists permissions agrees with it."""

import re
import tomllib
from pathlib import Path

import pytest

from graph.permissions import APPLICATION, NEEDED, PERMISSIONS, RSC, Kind, documented
from graph.sdk import TenantSdk

ROOT = Path(__file__).parents[2]


def test_the_readme_has_the_table_as_it_is_now() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert documented(text) == text, "run `python -m graph.permissions`"


def test_a_document_without_the_marker_is_not_touched() -> None:
    with pytest.raises(ValueError, match="there is no line"):
        documented("# Something else")


def test_the_demos_world_grants_the_table_and_nothing_else() -> None:
    world = tomllib.loads((ROOT / "demo" / "world.toml").read_text(encoding="utf-8"))
    assert sorted(world["app"]["granted"]) == sorted(permission.name for permission in APPLICATION)
    assert world["app"].get("rsc", [permission.name for permission in RSC]) == [permission.name for permission in RSC]


def test_every_permission_has_a_reason_and_is_needed_by_a_call_and_application_ones_have_their_role() -> None:
    assert len({permission.name for permission in PERMISSIONS}) == len(PERMISSIONS)
    for permission in PERMISSIONS:
        assert bool(re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", permission.id)) is (
            permission.kind is Kind.APPLICATION
        )
        assert permission.why.endswith(".")
    assert set(NEEDED.values()) == set(PERMISSIONS)


def test_every_call_names_the_permission_that_it_needs() -> None:
    calls = {name for name in vars(TenantSdk) if not name.startswith("_")} - {"roles", "forget_token"}
    assert calls == set(NEEDED)
