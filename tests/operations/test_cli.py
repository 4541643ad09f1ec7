"""The command line on a real embedded server, each command a process of its own, as at a terminal."""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import ClientConnectionError, ClientSession
from aiohttp.test_utils import unused_port

from settings import PREFIX
from store.commands import Command
from store.connection import open_store
from store.embedded import start_embedded
from store.keys import root
from tests.support import wait_until

PROGRAM = str(Path(sys.executable).parent / "usher")
Usher = Callable[..., subprocess.CompletedProcess[str]]
TENANT = "5f1c0f3e-8f4a-4f0e-9b7e-2d6a1c3b4e5f"
ANNA = "a1f6a7b0-0001-4c1b-9a55-000000000001"
BEN = "a1f6a7b0-0001-4c1b-9a55-000000000002"
COMPANY = f"""
[tenant]
id = "{TENANT}"
name = "Fabrikam Gardens"
time_zone = "Europe/Zurich"

[tenant.licences]
contact_center = 1
interact_service = 1
instant_messaging = 2

[[services]]
id = "garden-advice"
name = "Garden Advice"
contact_center = true
interact = true
[services.widget]
origins = ["*"]

[[users]]
user = "{ANNA}"
upn = "anna@fabrikam.example"
name = "Anna Meier"
instant_messaging = true
services = ["garden-advice"]

[[users]]
user = "{BEN}"
upn = "ben@fabrikam.example"
name = "Ben Okafor"
instant_messaging = true
services = ["garden-advice"]
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    return own | {
        "USHER_DATA_DIR": str(tmp_path / "data"),
        "USHER_PUBLIC_URL": "http://127.0.0.1:3978",
        "USHER_SECRET_KEY": "k" * 40,
        "USHER_BOT_APP_ID": TENANT,
        "USHER_BOT_APP_SECRET": "never asked for",
        "USHER_TENANT_ID": TENANT,
        "COLUMNS": "120",
    }


@pytest.fixture
def usher(tmp_path: Path, environment: dict[str, str]) -> Usher:
    def run(*arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [PROGRAM, *arguments], env=environment | changes, cwd=tmp_path, capture_output=True, text=True, check=False
        )

    return run


def test_loading_twice_gives_the_same_widget(usher: Usher, tmp_path: Path) -> None:
    file = tmp_path / "company.toml"
    file.write_text(COMPANY)
    first, second = usher("load", "--json", str(file)), usher("load", "--json", str(file))
    assert first.returncode == 0, first.stderr
    assert json.loads(first.stdout)["widgets"] == json.loads(second.stdout)["widgets"]
    assert [widget["name"] for widget in json.loads(first.stdout)["widgets"]] == ["Garden Advice"]
    shown = usher("why", "garden-advice")
    assert "Anna Meier" in shown.stdout
    assert "unreachable" in shown.stdout
    said = " ".join(shown.stderr.split())
    assert "Garden Advice has neither a `second_person` nor an owner: its chats cannot be opened in Teams." in said


def test_why_shows_levels_and_can_be_asked_of_one_agent(usher: Usher, tmp_path: Path) -> None:
    file = tmp_path / "company.toml"
    levels = f'[[services.levels]]\nskills = ["french"]\n[[services.levels]]\nafter_seconds = 9\nagents = ["{ANNA}"]\n'
    file.write_text(COMPANY.replace("[services.widget]", f"{levels}[services.widget]"))
    assert usher("load", str(file)).returncode == 0
    rows = {
        line.split("│")[1].strip(): line for line in usher("why", "garden-advice").stdout.splitlines() if "│" in line
    }
    assert [cell.strip() for cell in rows["Anna Meier"].split("│")[2:4]] == ["no", "2"]
    assert [cell.strip() for cell in rows["Ben Okafor"].split("│")[2:4]] == ["no", "none"]
    assert "not_a_member" in rows["Ben Okafor"]
    assert "not_a_member" not in rows["Anna Meier"]
    one = usher("why", "garden-advice", "--agent", "BEN@fabrikam.example")
    assert "Ben Okafor" in one.stdout
    assert "Anna Meier" not in one.stdout
    assert usher("why", "garden-advice", "--agent", "zoe@fabrikam.example").returncode == 1


def test_every_error_has_its_line_and_nothing_is_loaded(usher: Usher, tmp_path: Path) -> None:
    file = tmp_path / "company.toml"
    file.write_text(
        COMPANY.replace('name = "Garden Advice"', 'name = "Garden Advice"\noffer_seconds = 1') + "oops = 1\n"
    )
    done = usher("load", str(file))
    assert done.returncode == 1
    line = COMPANY.splitlines().index('name = "Garden Advice"') + 2
    assert f"line {line}: services[0].offer_seconds" in done.stderr
    assert "oops" in done.stderr
    assert "nothing was loaded" in done.stderr
    assert usher("why", "garden-advice").returncode == 1


def test_while_microsoft_cannot_be_asked_who_somebody_is_that_is_said(usher: Usher, tmp_path: Path) -> None:
    file = tmp_path / "company.toml"
    file.write_text(COMPANY + '[[users]]\nuser = "ben@fabrikam.example"\n')
    done = usher("load", str(file), USHER_LOGIN_URL="https://127.0.0.1:9", USHER_GRAPH_URL="https://127.0.0.1:9")
    assert done.returncode == 1
    assert "nothing was loaded: Microsoft cannot be asked who the users are" in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_a_file_in_another_encoding_is_said(usher: Usher, tmp_path: Path) -> None:
    file = tmp_path / "company.toml"
    file.write_bytes(COMPANY.replace("Meier", "Müller").encode("latin-1"))
    done = usher("load", str(file))
    assert done.returncode == 1
    assert "line 23: file: is not UTF-8 (byte 0xfc); save it as UTF-8" in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_an_unknown_service_is_said(usher: Usher, tmp_path: Path) -> None:
    (tmp_path / "company.toml").write_text(COMPANY)
    assert usher("load", str(tmp_path / "company.toml")).returncode == 0
    done = usher("why", "gardening")
    assert done.returncode == 1
    assert "garden-advice" in done.stderr


def test_verify_proves_the_journal_or_ends_with_1_and_names_the_entry(usher: Usher, tmp_path: Path) -> None:
    (tmp_path / "company.toml").write_text(COMPANY)
    assert usher("load", str(tmp_path / "company.toml")).returncode == 0
    fine = usher("verify")
    assert fine.returncode == 0, fine.stderr
    assert "one winner per offer" in fine.stdout
    entry = asyncio.run(_accepted_by_nobody(tmp_path / "data"))
    broken = usher("verify")
    assert broken.returncode == 1
    assert f"{entry}  every event fits what was before: accepted of unheard, which is not open" in broken.stderr
    assert usher("verify", "--from", "2020-01-01").returncode == 2


async def _accepted_by_nobody(data: Path) -> str:
    """An event that no script would write; returns its id."""
    with start_embedded(data) as server:
        store = await open_store(server.url)
        told = {
            "e": "accepted",
            "at": await store.time_ms(root(TENANT)),
            "task": "unheard",
            "service": "s",
            "offer": 1,
            "user": ANNA,
        }
        words = [word for pair in told.items() for word in pair]
        entry = await store.ask(Command(("XADD", f"{root(TENANT)}journal:{TENANT}", "*", *words), str))
        await store.close()
    return entry


DAY = """
arrivals = [0, 0, 0, 0, 0, 0, 0, 0, 0, 40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
agents = 3
handling_seconds = 120
misses = 0.1
[[policies]]
name = "longest idle"
[[policies]]
name = "in turns"
policy = "round_robin"
rona_after_misses = 0
"""


def test_simulate_shows_policies_side_by_side_and_leaves_nothing_behind(usher: Usher, tmp_path: Path) -> None:
    (tmp_path / "day.toml").write_text(DAY)
    done = usher("simulate", "day.toml", TMPDIR=str(tmp_path), USHER_SECRET_KEY="")
    assert done.returncode == 0, done.stderr
    lines = [[cell.strip() for cell in line.split("│")] for line in done.stdout.splitlines()]
    rows = {cells[1]: cells[2:4] for cells in lines if len(cells) == 5}
    assert rows["chats"][0] == rows["chats"][1]
    assert int(rows["RONA"][0]) > 0
    needed = usher("simulate", "day.toml", "--agents-for", "80/30", TMPDIR=str(tmp_path))
    assert "needed" in needed.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["day.toml"]
    assert usher("simulate", "day.toml", "--agents-for", "many").returncode == 2


def test_simulate_repeats_a_recorded_day_or_says_why_not(usher: Usher, tmp_path: Path) -> None:
    (tmp_path / "company.toml").write_text(COMPANY)
    (tmp_path / "other.toml").write_text('[[policies]]\nname = "two more"\nmore_agents = 2\n')
    assert usher("load", "company.toml").returncode == 0
    today = asyncio.run(_day_of_the_store(tmp_path / "data"))
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    done = usher(
        "simulate", "--recorded", today, "--service", "garden-advice", "--policies", "other.toml", TMPDIR=str(scratch)
    )
    assert done.returncode == 0, done.stderr
    for column in ("as it was", "recorded settings", "two more"):
        assert column in done.stdout
    assert "Nobody can know" in done.stdout
    assert list(scratch.iterdir()) == []
    unknown = usher("simulate", "--recorded", today, "--service", "gardening")
    assert (unknown.returncode, "there are: garden-advice" in unknown.stderr) == (2, True)


async def _day_of_the_store(data: Path) -> str:
    with start_embedded(data) as server:
        store = await open_store(server.url)
        now = await store.time_ms(root(TENANT))
        await store.close()
    return datetime.fromtimestamp(now / 1000, UTC).date().isoformat()


def test_missing_settings_end_with_2(usher: Usher) -> None:
    done = usher("why", "x", USHER_SECRET_KEY="short")
    assert done.returncode == 2
    assert "USHER_SECRET_KEY" in done.stderr


def project_version() -> str:
    project = tomllib.loads((Path(__file__).resolve().parents[2] / "pyproject.toml").read_text())["project"]
    return project["version"]


def test_the_version_is_the_projects(usher: Usher) -> None:
    done = usher("--version")
    assert (done.returncode, done.stdout) == (0, f"usher {project_version()}\n")


async def test_serve_runs_the_app_until_it_is_asked_to_stop(tmp_path: Path, environment: dict[str, str]) -> None:
    port = unused_port()
    settings = {"USHER_PORT": str(port), "USHER_PUBLIC_URL": f"http://127.0.0.1:{port}"}
    process = await asyncio.create_subprocess_exec(PROGRAM, "serve", env=environment | settings, cwd=tmp_path)
    async with ClientSession(f"http://127.0.0.1:{port}") as http:

        async def answers() -> bool:
            with contextlib.suppress(ClientConnectionError):
                async with http.get("/healthz") as answer:
                    return await answer.json() == {"status": "alive", "version": project_version()}
            return False

        try:
            await wait_until(answers, 30, "the app answers with its version", step=0.2)
        finally:
            process.terminate()
        assert await process.wait() == 0


def test_serve_ends_as_the_app_does(usher: Usher) -> None:
    done = usher("serve", USHER_SECRET_KEY="short")
    assert done.returncode == 2
    assert "USHER_SECRET_KEY" in done.stderr
