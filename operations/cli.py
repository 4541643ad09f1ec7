"""The command line: `usher serve`, `load`, `why`, `verify` and `simulate`. Settings come from the environment, as for the app."""

from __future__ import annotations

import asyncio
import json
import runpy
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from directory.directory import Directory
from directory.load import Company, LoadErrors, apply, read
from directory.second_person import room_warning
from distribution.agents import Agent, Reason
from distribution.distributor import Distributor
from distribution.simulate import ScenarioError, UnknownService, parse_policies, parse_scenario, read_day
from distribution.verify import TOLERANCE_MS, NoSnapshot
from graph.client import GraphClient, GraphConfig
from graph.errors import GraphProblem
from identity.tls import go_through
from operations.logs import configure_logs
from operations.simulate import run_recorded, run_simulate
from operations.verify import run_verify
from operations.version import version
from settings import Settings, SettingsError, load_settings
from store.connection import Store, StoreDown, StoreRefused, open_store
from store.embedded import EmbeddedRefused, start_embedded
from store.schema import check_schema
from store.text import NotUtf8, decoded

cli = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Usher: website visitors, seated in Microsoft Teams."
)
APP = Path(__file__).resolve().parents[1] / "app.py"
out = Console()
err = Console(stderr=True)


@dataclass(frozen=True, slots=True)
class Tools:
    """What a command works with."""

    settings: Settings
    store: Store
    distributor: Distributor
    directory: Directory


def settings_or_exit() -> Settings:
    try:
        settings = load_settings()
    except SettingsError as error:
        err.print(str(error), markup=False, highlight=False)
        raise typer.Exit(2) from None
    # A command's own words go to stdout; of the log only what went wrong.
    configure_logs(level="warning", as_json=False)
    go_through(settings.proxies)
    return settings


@asynccontextmanager
async def tools(settings: Settings) -> AsyncGenerator[Tools]:
    """Open the store that the settings name; a running app's embedded server is joined, otherwise one is started."""
    embedded = await asyncio.to_thread(start_embedded, settings.data_dir) if settings.redis_url is None else None
    try:
        store = await open_store(embedded.url if embedded else settings.redis_url or "")
        try:
            await check_schema(store)
            distributor = Distributor(store)
            yield Tools(settings, store, distributor, Directory(store, distributor))
        finally:
            await store.close()
    finally:
        if embedded:
            await asyncio.to_thread(embedded.release)


def graph_config(settings: Settings) -> GraphConfig:
    return GraphConfig(
        login_url=settings.login_url,
        graph_url=settings.graph_url,
        ca_file=settings.ca_file,
        app_id=settings.bot_app_id,
        app_secret=settings.bot_app_secret.get_secret_value(),
        teams_app_id=settings.teams_app,
    )


def _show_version(wanted: bool) -> None:
    if wanted:
        out.print(f"usher {version()}", highlight=False)
        raise typer.Exit


@cli.callback()
def options(
    _: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="show the version and exit")
    ] = False,
) -> None:
    """Options that go before a command."""


@cli.command()
def serve() -> None:
    """Start Usher, as `python app.py` does, and run until SIGTERM."""
    # By its path: no room may import the app, which knows them all. The exit code is the app's.
    runpy.run_path(str(APP), run_name="__main__")


@cli.command()
def load(
    company: Annotated[Path, typer.Argument(help="the company's TOML file", exists=True, dir_okay=False)],
    as_json: Annotated[bool, typer.Option("--json", help="print the result as JSON")] = False,
) -> None:
    """Load tenant, services, users, memberships and licences from a file; doing it again changes nothing."""
    settings = settings_or_exit()
    try:
        asyncio.run(_load(settings, _read(company), as_json=as_json))
    except LoadErrors as problems:
        err.print(f"{company}: nothing was loaded.", highlight=False)
        for problem in problems.errors:
            place = f"line {problem.line}" if problem.line else "file"
            err.print(f"  {place}: {problem.field}: {problem.message}", markup=False, highlight=False)
        raise typer.Exit(1) from None
    except GraphProblem as problem:
        err.print(f"{company}: nothing was loaded: Microsoft cannot be asked who the users are.", highlight=False)
        err.print(f"  {problem}", markup=False, highlight=False)
        err.print("  With `upn` and `name` beside an object id, nobody is asked.", markup=False, highlight=False)
        raise typer.Exit(1) from None
    except (StoreDown, StoreRefused, EmbeddedRefused) as problem:
        err.print(str(problem), markup=False, highlight=False)
        raise typer.Exit(1) from None


def _read(company: Path) -> Company:
    try:
        return read(company)
    except OSError as problem:
        err.print(f"{company}: nothing was loaded: {problem.strerror}.", markup=False, highlight=False)
        raise typer.Exit(1) from None


async def _load(settings: Settings, company: Company, *, as_json: bool) -> None:
    graph = GraphClient(graph_config(settings))

    try:
        async with tools(settings) as kit:
            report = await apply(kit.directory, company, resolve_upn=graph.person)
            for warning in report.warnings:
                err.print(f"Warning: {warning}", markup=False, highlight=False)
            if as_json:
                out.print_json(json.dumps(report.as_json()))
                return
            table = Table("service or user", "widget key", title="Loaded")
            for widget in report.widgets:
                table.add_row(widget.name, widget.key)
            out.print(table)
    finally:
        await graph.close()


@cli.command()
def why(
    service: Annotated[str, typer.Argument(help="the service's id")],
    agent: Annotated[str | None, typer.Option(help="one agent only, by UPN or object id")] = None,
    tenant: Annotated[str | None, typer.Option(help="the tenant's id, where there is more than one")] = None,
) -> None:
    """Say for every agent of a service whether they may be offered a task of it now, and if not, why."""
    settings = settings_or_exit()
    asyncio.run(_why(settings, service, tenant or settings.tenant_id, agent))


async def _why(settings: Settings, service: str, tenant: str, only: str | None) -> None:
    async with tools(settings) as kit:
        if await kit.directory.service(tenant, service) is None:
            known = ", ".join(sorted(found.id for found in await kit.directory.services(tenant))) or "none"
            err.print(f"There is no service {service!r} in this tenant; there are: {known}.", highlight=False)
            raise typer.Exit(1)
        users = {user.id: user for user in await kit.directory.members(tenant, service)}
        wanted = {user.id for user in users.values() if only is None or only.lower() in {user.id, user.upn.lower()}}
        if only is not None and not wanted:
            err.print(f"There is no {only} in the service {service}.", markup=False, highlight=False)
            raise typer.Exit(1)
        path = await kit.distributor.path_is_down(tenant)
        if path is not None:
            since = datetime.fromtimestamp(path.since / 1000, UTC)
            err.print(
                f"Cards have reached nobody in Teams since {since:%Y-%m-%d %H:%M:%S} UTC ({path.why}).", highlight=False
            )
        if warning := await room_warning(kit.directory, tenant, service):
            err.print(warning, markup=False, highlight=False)
        table = Table("agent", "may be offered", "level", "reasons against", title=service)
        for agent in await kit.distributor.agents(tenant, service):
            if agent.user in wanted:
                table.add_row(users[agent.user].name, *_standing(agent, service))
        out.print(table)


def _standing(agent: Agent, service: str) -> tuple[str, str, str]:
    """Whether they may be offered a task of the service, from which level on, and what stands against it."""
    reasons = [
        f"{reason} ({agent.unavailable})" if reason is Reason.NOT_AVAILABLE and agent.unavailable else reason.value
        for reason in agent.reasons.get(service, ())
    ]
    return "no" if reasons else "yes", str(agent.levels.get(service, "none")), ", ".join(reasons)


@cli.command()
def verify(
    start: Annotated[
        datetime | None,
        typer.Option("--from", formats=["%Y-%m-%d"], help="the UTC day to begin with; the first one there is"),
    ] = None,
    tenant: Annotated[str | None, typer.Option(help="the tenant's id, where there is more than one")] = None,
    tolerance: Annotated[int, typer.Option(help="by how many ms a deadline may be late", min=0)] = TOLERANCE_MS,
) -> None:
    """Prove on the journal that the distributor kept its rules; ends with 1 and the offending entries if it did not."""
    settings = settings_or_exit()
    raise typer.Exit(asyncio.run(_verify(settings, tenant or settings.tenant_id, start, tolerance)))


async def _verify(settings: Settings, tenant: str, start: datetime | None, tolerance: int) -> int:
    async with tools(settings) as kit:
        return await run_verify(kit.store, tenant, start.date() if start else None, tolerance, out=out, err=err)


@cli.command("simulate")
def simulate_day(
    *,
    day: Annotated[Path | None, typer.Argument(help="a synthetic day's TOML file", exists=True, dir_okay=False)] = None,
    agents_for: Annotated[
        str, typer.Option(metavar="SHARE/SECONDS", help="how many agents are needed: 80/30 is 80 % answered in 30 s")
    ] = "",
    within: Annotated[float, typer.Option(help="seconds of the service level")] = 30.0,
    recorded: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="a UTC day of the journal instead of a file")
    ] = None,
    service: Annotated[str, typer.Option(help="of a recorded day: the service's id")] = "",
    tenant: Annotated[str | None, typer.Option(help="of a recorded day: the tenant's id")] = None,
    policies: Annotated[
        Path | None, typer.Option(help="of a recorded day: TOML with other settings", exists=True, dir_okay=False)
    ] = None,
) -> None:
    """Let a synthetic or a recorded day happen under each policy, and show what came of it side by side."""
    if recorded:
        if day or agents_for or not service:
            _refuse("--recorded needs --service, and goes with neither a file nor --agents-for.")
        settings = settings_or_exit()
        asyncio.run(
            _recorded(settings, tenant or settings.tenant_id, service, recorded.date(), within=within, other=policies)
        )
        return
    if day is None or service or tenant or policies:
        _refuse("Name a day's TOML file, or a recorded day: --recorded 2026-11-24 --service ID.")
    configure_logs(level="warning", as_json=False)
    try:
        scenario = parse_scenario(decoded(day.read_bytes()))
        goal = None
        if agents_for:
            share, _, seconds = agents_for.partition("/")
            goal, within = float(share) / 100, float(seconds)
    except (ScenarioError, NotUtf8) as problem:
        _refuse(f"{day}: {problem}")
    except ValueError:
        _refuse(f"--agents-for {agents_for}: must be like 80/30")
    asyncio.run(run_simulate(scenario, within, goal, out=out))


async def _recorded(
    settings: Settings, tenant: str, service: str, day: date, *, within: float, other: Path | None
) -> None:
    """`other`: the file of the other settings."""
    try:
        async with tools(settings) as kit:
            recording = await read_day(kit.store, tenant, service, day)
        text = decoded(await asyncio.to_thread(other.read_bytes)) if other else ""
        policies = parse_policies(text, recording.rules) if other else ()
    except (NoSnapshot, UnknownService) as problem:
        _refuse(str(problem))
    except (ScenarioError, NotUtf8) as problem:
        _refuse(f"{other}: {problem}")
    await run_recorded(recording, policies, within, out=out)


def _refuse(why: str) -> NoReturn:
    err.print(why, markup=False, highlight=False)
    raise typer.Exit(2)


def main() -> None:
    """The console script."""
    try:
        cli()
    except KeyboardInterrupt:
        sys.exit(130)
