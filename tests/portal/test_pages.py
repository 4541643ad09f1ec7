"""The pages: who gets them, who may frame them, how long a browser keeps them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from yarl import URL

from store.connection import Store
from tests.portal.company import ANNA
from tests.portal.office import Office, open_office


@pytest.fixture
async def built(store: Store, tenant: str, tmp_path: Path) -> AsyncIterator[Office]:
    """A portal whose pages are built."""
    static = tmp_path / "static"
    (static / "assets").mkdir(parents=True)
    (static / "index.html").write_text("<usher-portal></usher-portal>")
    (static / "assets" / "index-abc.js").write_text("//")
    (tmp_path / "secret.txt").write_text("not yours")
    async with open_office(store, tenant, static=static) as opened:
        yield opened


async def test_a_browser_without_a_session_goes_to_the_sign_in_and_comes_back(built: Office) -> None:
    async with built.http.get(f"{built.base}/portal/preferences", allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (302, "/auth/sign-in?next=/portal/preferences")


async def test_a_tab_in_teams_gets_the_page_without_a_session(built: Office) -> None:
    """Teams signs in from inside the page."""
    headers = {"Sec-Fetch-Dest": "iframe"}
    async with built.http.get(f"{built.base}/portal/", headers=headers, allow_redirects=False) as answer:
        assert answer.status == 200
        assert "usher-portal" in await answer.text()


async def test_only_teams_frames_the_pages_and_nothing_foreign_runs_in_them(built: Office) -> None:
    async with built.http.get(f"{built.base}/portal/", headers=built.browser(ANNA).headers) as answer:
        rules = dict(rule.split(" ", 1) for rule in answer.headers["Content-Security-Policy"].split("; "))
    assert "https://teams.microsoft.com" in rules["frame-ancestors"].split()
    assert "*" not in rules["frame-ancestors"].split()
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == "'self'"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-cache"


async def test_files_with_a_digest_in_their_name_are_kept_for_ever(built: Office) -> None:
    async with built.http.get(f"{built.base}/portal/static/assets/index-abc.js") as answer:
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.content_type in {"text/javascript", "application/javascript"}


@pytest.mark.parametrize("name", ["../secret.txt", "%2e%2e/secret.txt", "assets/../../secret.txt", "nothing.js",
                                  "%00", "a" * 3000])  # fmt: skip
async def test_nothing_outside_the_built_pages_is_served(built: Office, name: str) -> None:
    async with built.http.get(URL(f"{built.base}/portal/static/{name}", encoded=True)) as answer:
        assert answer.status == 404
        assert "not yours" not in await answer.text()


async def test_the_signed_out_page_is_there_for_everybody(built: Office) -> None:
    async with built.http.get(f"{built.base}/portal/signed-out", allow_redirects=False) as answer:
        assert answer.status == 200


async def test_pages_that_are_not_built_say_how_to_build_them(store: Store, tenant: str, tmp_path: Path) -> None:
    async with (
        open_office(store, tenant, static=tmp_path / "nowhere") as office,
        office.http.get(f"{office.base}/portal/", headers=office.browser(ANNA).headers) as answer,
    ):
        assert answer.status == 404
        assert "npm run build:portal" in await answer.text()
