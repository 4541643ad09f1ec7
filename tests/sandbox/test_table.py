"""Every refusal that the sandbox knows, one test per row of `sandbox/tables.py`."""

import re

import pytest

from sandbox.tables import TABLE, Refusal
from tests.sandbox import cases_connector, cases_entra, cases_graph, cases_teams
from tests.sandbox.product import Product

CASES = {**cases_entra.CASES, **cases_connector.CASES, **cases_graph.CASES, **cases_teams.CASES}


def test_every_row_has_a_case_and_every_case_a_row() -> None:
    assert set(CASES) == set(TABLE)


@pytest.mark.parametrize("row", TABLE.values(), ids=lambda row: row.name)
async def test_row(product: Product, row: Refusal) -> None:
    answer = await CASES[row.name](product)
    assert answer.status == row.status, answer.body
    # Entra's pages and its ways back to the app show the number alone.
    written = answer.headers.get("Content-Type", "").startswith("application/json")
    assert answer.code == (row.code if written else row.code.partition("/")[2])
    if written:
        # Several rows share a code: their messages tell them apart.
        assert re.search(re.sub(r"\\\{\w+\\\}", ".*", re.escape(row.message)), answer.message), answer.message
    if row.status == 429:
        assert int(answer.headers["Retry-After"]) >= 1
    if row.name.startswith("graph."):
        assert answer.headers["request-id"] == answer.body["error"]["innerError"]["request-id"]
