"""`make demo`: Usher, a sandbox that simulates Microsoft, and a company, on this machine only.

All data is in `.demo/<port>/` of the checkout and survives until `make demo-reset`. Addresses are part of the data,
so each port has separate data. The product runs with its ordinary
settings: only addresses and a certificate authority point to the sandbox.

Nothing real is touched: the product starts in that folder, so that the checkout's `.env` is not read, and both processes
get an environment of a few harmless names: no `USHER_…`, no proxy, no credentials.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import tomllib
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
COMPANY = ROOT / "demo" / "company.toml"
WORLD = ROOT / "demo" / "world.toml"
# These people get the Usher app installed in Teams at the first start; Chiara works from the portal alone.
REGISTERED = ("anna", "ben", "dominique")
FIRST_ADMIN = "olivia@fabrikam.example"


HARMLESS = frozenset(
    [
        "PATH",
        "HOME",
        "USER",
        "LOGNAME",
        "LANG",
        "LANGUAGE",
        "TZ",
        "TMPDIR",
        "TEMP",
        "TMP",
        "TERM",
        "LD_LIBRARY_PATH",
        "DYLD_LIBRARY_PATH",
    ]
)
"""Environment variables that the demo's processes inherit, with `LC_…`."""

# Addresses of this machine bypass the shell's proxy.
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name in HARMLESS or name.startswith("LC_")}


class CannotStart(Exception):
    """The demo cannot start; the text is one sentence for the terminal."""


def check_ports(first: int) -> tuple[int, int, int]:
    ports = (first, first + 1, first + 2)
    for port in ports:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                raise CannotStart(
                    f"Port {port} is in use (the demo takes {ports[0]} to {ports[2]}). Choose another: make demo PORT=4978"
                ) from None
    return ports


def call(method: str, url: str, body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    with DIRECT.open(request, timeout=30) as answer:
        text = answer.read()
    return json.loads(text) if text.strip() else None


def wait_until_ready(url: str, process: subprocess.Popen[Any], log: Path, seconds: float = 300) -> None:
    where = f"its log is {log.relative_to(ROOT)}"
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if process.poll() is not None:
            raise CannotStart(f"{log.stem} stopped while starting; {where}")
        try:
            DIRECT.open(url, timeout=2).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
        else:
            return
    raise CannotStart(f"{log.stem} was not ready within {seconds:.0f} s; {where}")


class Demo:
    """The two processes of the demo, started in order and stopped in reverse."""

    def __init__(self, first_port: int) -> None:
        self.port, self.http_port, self.tls_port = check_ports(first_port)
        self.app_url = f"http://127.0.0.1:{self.port}"
        self.home = ROOT / ".demo" / str(self.port)
        self.processes: list[tuple[str, subprocess.Popen[Any]]] = []
        self.stopping = threading.Event()

    def start(self, name: str, command: list[str], *, cwd: Path, env: dict[str, str]) -> subprocess.Popen[Any]:
        log = self.log(name).open("ab")
        # A new process session: Ctrl-C in the terminal reaches only this process, which stops the others in order.
        process = subprocess.Popen(
            command, cwd=cwd, env=env, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
        )
        self.processes.append((name, process))
        return process

    def log(self, name: str) -> Path:
        return self.home / f"{name}.log"

    def start_sandbox(self) -> dict[str, str]:
        ready = self.home / "sandbox.json"
        ready.unlink(missing_ok=True)
        # The app's redirect addresses in Entra must contain the chosen port.
        world = self.home / "world.toml"
        world.write_text(WORLD.read_text().replace("http://127.0.0.1:3978", self.app_url))
        process = self.start("sandbox", [
            sys.executable, "-m", "sandbox", "--world", str(world), "--state", str(self.home / "sandbox"),
            "--http-port", str(self.http_port), "--tls-port", str(self.tls_port), "--ready-file", str(ready),
        ], cwd=ROOT, env=clean_environment())  # fmt: skip
        ends = time.monotonic() + 30
        while not ready.is_file() or not ready.read_text().strip():
            if process.poll() is not None or time.monotonic() > ends:
                raise CannotStart(f"the sandbox did not start; its log is {self.log('sandbox').relative_to(ROOT)}")
            time.sleep(0.02)
        places: dict[str, str] = json.loads(ready.read_text())
        call("PUT", f"{places['http']}/control/bot-endpoint", {"url": f"{self.app_url}/api/messages"})
        return places

    def environment(self, places: dict[str, str]) -> dict[str, str]:
        world = tomllib.loads(WORLD.read_text())
        secret = self.home / "secret"
        if not secret.exists():
            secret.touch(mode=0o600)
            secret.write_text(secrets.token_hex(32))
        tls = places["tls"]
        return clean_environment() | {
            "USHER_HOST": "127.0.0.1",
            "USHER_PORT": str(self.port),
            "USHER_PUBLIC_URL": self.app_url,
            "USHER_DATA_DIR": str(self.home / "data"),
            "USHER_SECRET_KEY": secret.read_text(),
            "USHER_FIRST_ADMIN": FIRST_ADMIN,
            "USHER_BOT_APP_ID": world["app"]["client_id"],
            "USHER_BOT_APP_SECRET": world["app"]["client_secret"],
            "USHER_TENANT_ID": world["tenant"]["id"],
            "USHER_TEAMS_APP_ID": world["app"]["external_id"],
            "USHER_LOGIN_URL": tls,
            "USHER_GRAPH_URL": tls,
            "USHER_BOT_OPENID_URL": f"{tls}/v1/.well-known/openidconfiguration",
            "USHER_CA_FILE": places["ca_file"],
        }

    def seed(self, env: dict[str, str], places: dict[str, str]) -> dict[str, Any]:
        """Load the company if it is new or changed, and install the app for its users; returns its widgets."""
        stamp = self.home / "seeded.json"
        fingerprint = hashlib.sha256(COMPANY.read_bytes() + WORLD.read_bytes()).hexdigest()
        if stamp.is_file():
            seeded = json.loads(stamp.read_text())
            if seeded["fingerprint"] == fingerprint:
                return seeded["loaded"]
        usher = Path(sys.executable).parent / "usher"
        done = subprocess.run([str(usher), "load", "--json", str(COMPANY)], env=env, cwd=self.home, capture_output=True,
                              text=True, check=False)  # fmt: skip
        if done.returncode != 0:
            raise CannotStart(f"the company could not be loaded:\n{done.stderr}")
        loaded: dict[str, Any] = json.loads(done.stdout)
        users = {user["upn"].split("@")[0]: user["id"] for user in tomllib.loads(WORLD.read_text())["users"]}
        for name in REGISTERED:
            call("POST", f"{places['http']}/teams/api/{users[name]}/app/install")
        stamp.write_text(json.dumps({"fingerprint": fingerprint, "loaded": loaded}))
        return loaded

    def run(self) -> None:
        places = self.start_sandbox()
        env = self.environment(places)
        app = self.start("usher", [sys.executable, str(ROOT / "app.py")], cwd=self.home, env=env)
        wait_until_ready(f"{self.app_url}/readyz", app, self.log("usher"))
        loaded = self.seed(env, places)
        links = {"app": self.app_url, "portal": f"{self.app_url}/portal/", "widgets": loaded["widgets"]}
        call("PUT", f"{places['http']}/control/links", links)
        print(f"\n  Usher is ready:  {places['http']}/\n")
        print(
            "  Do this now:  1. Open “The company's website” there and write something in the chat at the lower right."
        )
        print(
            "                2. Open “Anna Meier in Teams”, press Accept on the card, and answer. Ctrl-C ends it all.\n"
        )
        sys.stdout.flush()
        while not self.stopping.wait(0.5):
            for name, process in self.processes:
                if process.poll() is not None:
                    raise CannotStart(f"{name} stopped by itself; its log is {self.log(name).relative_to(ROOT)}")

    def stop(self) -> None:
        for name, process in reversed(self.processes):
            if process.poll() is None:
                process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                print(f"  {name} had to be killed", file=sys.stderr)
                process.kill()
                process.wait()


def reset(home: Path) -> None:
    """Delete the demo's data. A server left behind by a killed demo is stopped first."""
    if (home / "data").exists():
        import structlog

        from store.embedded import start_embedded

        # Do not log a server that is started only to be stopped.
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(30))
        start_embedded(home / "data").release()
    shutil.rmtree(home, ignore_errors=True)


def main() -> int:
    parser = argparse.ArgumentParser(description="Usher and its sandbox, on this machine alone")
    parser.add_argument("--port", type=int, default=3978)
    parser.add_argument("--reset", action="store_true")
    arguments = parser.parse_args()
    try:
        demo = Demo(arguments.port)
        if arguments.reset:
            reset(demo.home)
    except CannotStart as problem:
        print(f"\n{problem}", file=sys.stderr)
        return 1
    demo.home.mkdir(parents=True, exist_ok=True)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: demo.stopping.set())
    try:
        demo.run()
    except CannotStart as problem:
        print(f"\n{problem}", file=sys.stderr)
        return 1
    finally:
        demo.stop()
    print(
        "  Stopped. What happened is kept; `make demo` goes on from here, `make demo-reset` starts from the beginning."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
