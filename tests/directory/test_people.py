"""People as Entra names them: whatever it says, they are loaded and shown under a name."""

import pytest

from directory.directory import Directory
from directory.load import apply
from directory.model import User
from directory.people import entra_names
from tests.directory.companies import GARDEN, Person, company, head, oid

ANNA, UPN = oid("anna"), "anna@example.com"

NAMES = [
    ("x" * 120, "x" * 99 + "…"),
    ("", UPN),
    (" \t\n", UPN),
    ("\u200d\u2060", UPN),
    ("Anna\u00a0Keller", "Anna\u00a0Keller"),
    ("Ana \U0001f469\u200d\U0001f4bb", "Ana \U0001f469\u200d\U0001f4bb"),
    ("Keller, Anna\t(ext)", "Keller, Anna (ext)"),
    ("Anna\nKeller", "Anna Keller"),
    ("Anna\u202eKeller", "AnnaKeller"),
]


@pytest.mark.parametrize(("told", "kept"), NAMES)
async def test_a_load_tidies_the_name_that_entra_tells(directory: Directory, tenant: str, told: str, kept: str) -> None:
    async def entra(_tenant: str, _name: str) -> Person:
        return Person(ANNA, UPN, told)

    await apply(directory, company(head(tenant), '[[users]]\nuser = "anna@example.com"\n'), resolve_upn=entra)
    user = await directory.user(tenant, ANNA)
    assert user is not None
    assert (user.name, user.upn) == (kept, UPN)


@pytest.mark.parametrize("told", ["", "anna", "anna keller@example.com"])
async def test_a_load_takes_people_without_a_sign_in_name(directory: Directory, tenant: str, told: str) -> None:
    async def entra(_tenant: str, user: str) -> Person:
        return Person(user, told, "")

    both = "".join(f'[[users]]\nuser = "{oid(name)}"\ninstant_messaging = true\n' for name in ("anna", "ben"))
    for _ in range(2):
        await apply(directory, company(head(tenant), GARDEN, both), resolve_upn=entra)
    users = await directory.users(tenant)
    assert {(user.id, user.upn, user.name) for user in users} == {
        (oid(name), "", told or oid(name)) for name in ("anna", "ben")
    }
    assert await directory.user_by_upn(tenant, "") is None


async def test_the_sign_in_name_of_the_file_stands_in(directory: Directory, tenant: str) -> None:
    async def entra(_tenant: str, _name: str) -> Person:
        return Person(ANNA, "", "Anna")

    await apply(directory, company(head(tenant), '[[users]]\nuser = "anna@example.com"\n'), resolve_upn=entra)
    found = await directory.user_by_upn(tenant, UPN)
    assert found is not None
    assert found.id == ANNA


@pytest.mark.parametrize(("told", "kept"), NAMES)
async def test_the_first_admin_comes_in_under_any_name(directory: Directory, tenant: str, told: str, kept: str) -> None:
    await directory.grant_first_admin(tenant, ANNA, UPN, told)
    user = await directory.user(tenant, ANNA)
    assert user is not None
    assert (user.name, user.admin) == (kept, True)


async def test_the_first_admin_comes_in_without_any_name(directory: Directory, tenant: str) -> None:
    await directory.grant_first_admin(tenant, ANNA, "", "")
    user, company = await directory.user(tenant, ANNA), await directory.tenant(tenant)
    assert user is not None
    assert company is not None
    assert (user.name, user.upn, company.name) == (ANNA, "", tenant)


def test_a_first_name_ends_at_any_blank() -> None:
    upn, name = entra_names(ANNA, UPN, "Anna\u00a0Keller")
    assert User(id=ANNA, upn=upn, name=name).first_name == "Anna"
