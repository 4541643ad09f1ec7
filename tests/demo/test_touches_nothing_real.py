"""The demo runs beside a real installation's settings and takes nothing of them."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

from tests.support import wait_until

ROOT = Path(__file__).resolve().parents[2]

REAL = {
    "USHER_REDIS_URL": "redis://user:word@127.0.0.1:1",
    "USHER_GRAPH_URL": "https://graph.microsoft.com",
    "usher_port": "not a port",
    "USHER_WORKERS": "4",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "http_proxy": "http://127.0.0.1:9",
    "AZURE_CLIENT_SECRET": "real-secret-of-the-shell",
}
"""Each of them would stop the demo, or lead it elsewhere."""


def three_free_ports() -> int:
    """The first of three ports in a row."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            first = probe.getsockname()[1]
        try:
            for port in (first + 1, first + 2):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        return first


def checkout(folder: Path) -> Path:
    """This checkout with an `.env`, and a `.demo` of its own."""
    folder.mkdir()
    for entry in ROOT.iterdir():
        if entry.name not in {".env", ".demo", ".git", "demo"}:
            (folder / entry.name).symlink_to(entry)
    shutil.copytree(ROOT / "demo", folder / "demo")
    (folder / ".env").write_text("USHER_PORT=not a port either\nUSHER_BOT_APP_SECRET=real-secret-of-the-file\n")
    return folder


async def test_neither_the_shell_nor_a_dot_env_is_asked(tmp_path: Path) -> None:
    place, port = checkout(tmp_path / "u"), three_free_ports()
    with (tmp_path / "said").open("w") as said:
        demo = subprocess.Popen(  # noqa: ASYNC220  # it returns at once
            [sys.executable, str(place / "demo" / "run.py"), "--port", str(port)],
            cwd=place, env={**os.environ, **REAL}, stdout=said, stderr=said,
        )  # fmt: skip
    try:
        await wait_until(
            lambda: "Usher is ready" in (tmp_path / "said").read_text() or demo.poll() is not None,
            150,
            "the demo's start",
            step=0.2,
        )
        assert demo.poll() is None, (tmp_path / "said").read_text()
        seen = [told for told in environments_below(demo.pid) if "USHER_BOT_APP_ID" in told or "sandbox" in told]
        assert seen
        for told in seen:
            assert "real-secret" not in told
            assert "127.0.0.1:9" not in told
    finally:
        demo.send_signal(signal.SIGTERM)
        demo.wait(40)
    assert "real-secret" not in "".join(file.read_text() for file in (place / ".demo" / str(port)).glob("*.log"))


def environments_below(parent: int) -> list[str]:
    """Command line and environment of the processes that `parent` has started."""
    found: list[str] = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if int((place / "stat").read_text().rpartition(")")[2].split()[1]) == parent:
                found.append((place / "cmdline").read_text() + (place / "environ").read_text())
        except OSError:
            continue
    return found
