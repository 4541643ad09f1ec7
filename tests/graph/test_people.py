"""People with odd names in Entra: asked of Graph, loaded into the directory."""

import uuid
from pathlib import Path

import pytest

from directory.directory import Directory
from directory.load import apply, parse
from distribution.distributor import Distributor
from store.connection import Store
from tests.directory.companies import head
from tests.graph.microsoft import TENANT, Microsoft


@pytest.mark.parametrize(
    ("upn", "name", "kept_upn", "kept_name"),
    [
        ("", "", "", "{id}"),
        ("", "Anna", "", "Anna"),
        ("odd@fabrikam.example", "", "odd@fabrikam.example", "odd@fabrikam.example"),
        ("odd@fabrikam.example", "Keller, Anna\t(ext)", "odd@fabrikam.example", "Keller, Anna (ext)"),
        ("odd@fabrikam.example", "x" * 120, "odd@fabrikam.example", "x" * 99 + "…"),
    ],
)
async def test_a_company_loads_whom_graph_names_oddly(
    microsoft: Microsoft, store: Store, upn: str, name: str, kept_upn: str, kept_name: str
) -> None:
    user = str(uuid.uuid4())
    unique = upn.replace("odd@", f"{user[:8]}@")
    await microsoft.control("POST", "users", id=user, upn=unique, name=name)
    graph, directory = microsoft.client(), Directory(store, Distributor(store))
    try:
        company = parse(f'{head(TENANT)}[[users]]\nuser = "{user}"\n', Path("company.toml"))
        await apply(directory, company, resolve_upn=graph.person)
    finally:
        await graph.close()
    found = await directory.user(TENANT, user)
    assert found is not None
    assert found.upn == kept_upn.replace("odd@", f"{user[:8]}@")
    assert found.name == kept_name.format(id=user).replace("odd@", f"{user[:8]}@")
