"""`usher verify`: a tenant's journal read once more, and what it proves, as a table."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime

from rich.console import Console
from rich.table import Table

from distribution.verify import NoSnapshot, Report, Rule, verify
from store.connection import Store

MOST_LISTED = 50


async def run_verify(
    store: Store, tenant: str, start: date | None, tolerance: int, *, out: Console, err: Console
) -> int:
    """Print what was found; returns what the process shall end with: 0 all well, 1 something was broken, 2 nothing to read."""
    begun = time.monotonic()
    try:
        report = await verify(store, tenant, start=start, tolerance=tolerance)
    except NoSnapshot as problem:
        err.print(str(problem), markup=False, highlight=False)
        return 2
    _print_table(report, time.monotonic() - begun, out)
    _print_outages(report, out)
    _print_violations(report, err)
    return 0 if report.ok else 1


def _print_table(report: Report, seconds: float, out: Console) -> None:
    table = Table("rule", "checked", "violations", title=report.tenant)
    for rule in Rule:
        table.add_row(rule.value, f"{report.checked[rule]:,}", f"{report.broken[rule]:,}")
    out.print(table)
    out.print(
        f"{report.entries:,} entries in {seconds:.1f} s; {report.closed:,} tasks closed, {report.alive:,} open.",
        highlight=False,
    )
    for entry, what in report.picks[:MOST_LISTED]:
        out.print(f"{entry}  {what}", markup=False, highlight=False)
    if len(report.picks) > MOST_LISTED:
        out.print(f"… and {len(report.picks) - MOST_LISTED} more picks out of order.", highlight=False)


def _print_outages(report: Report, out: Console) -> None:
    """What is no broken rule, and worth knowing."""
    for outage in report.outages[:MOST_LISTED]:
        out.print(
            f"Outage from {_clock(outage.begin)} to {_clock(outage.end)} UTC: nothing was written for "
            f"{(outage.end - outage.begin) / 1000:.0f} s although {_number(outage.waiting, 'deadline')} had passed, so the store or all "
            "replicas were away. What was made up for within 5 s afterwards counts as kept.",
            highlight=False,
        )
    if len(report.outages) > MOST_LISTED:
        out.print(f"… and {len(report.outages) - MOST_LISTED} more outages.", highlight=False)
    for event, (times, first) in report.unknown.items():
        words = f"This version does not know what {event[:60]!r} is ({_number(times, 'time')}, first in {first})."
        out.print(words, markup=False, highlight=False)


def _number(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def _clock(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _print_violations(report: Report, err: Console) -> None:
    for found in report.violations[:MOST_LISTED]:
        err.print(f"{found.entry}  {found.rule}: {found.what}", markup=False, highlight=False, soft_wrap=True)
    if len(report.violations) > MOST_LISTED:
        err.print(f"… and {sum(report.broken.values()) - MOST_LISTED:,} more.", highlight=False)
