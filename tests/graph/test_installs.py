"""Registering and unregistering: each way it can come out, and none of them twice."""

import pytest

from directory.directory import Directory
from directory.model import Registration
from graph.client import GraphClient
from graph.installs import Installs, InstallStatus
from store.connection import Store
from tests.graph.desk import furnish
from tests.graph.microsoft import ALL_GRANTED, TENANT, Microsoft


@pytest.fixture
async def directory(store: Store, graph: GraphClient, anna: str) -> Directory:
    return (await furnish(store, graph, anna)).directory


@pytest.fixture
def installs(graph: GraphClient, directory: Directory) -> Installs:
    return Installs(graph, directory)


async def register(directory: Directory, user: str) -> None:
    """What the bot does when Teams tells it of the installation."""
    await directory.save_registration(Registration(TENANT, user, "https://x.example", "a:1", "28:x", "29:x", 1))


async def test_who_registers_has_the_bot(installs: Installs, microsoft: Microsoft, anna: str) -> None:
    result = await installs.install_for_user(TENANT, anna)
    assert (result.status, result.ok) == (InstallStatus.INSTALLED, True)
    assert await installed(microsoft, anna)


async def test_registering_again_changes_nothing(
    installs: Installs, directory: Directory, microsoft: Microsoft, anna: str
) -> None:
    await installs.install_for_user(TENANT, anna)
    await register(directory, anna)
    result = await installs.install_for_user(TENANT, anna)
    assert (result.status, result.ok) == (InstallStatus.ALREADY, True)
    assert await microsoft.calls("Users.UninstallApp") == []


async def test_a_bot_that_lost_its_registration_is_told_again(
    installs: Installs, microsoft: Microsoft, anna: str
) -> None:
    await installs.install_for_user(TENANT, anna)
    result = await installs.install_for_user(TENANT, anna)  # and nothing was saved in between
    assert result.status is InstallStatus.INSTALLED
    assert await installed(microsoft, anna)
    assert len(await microsoft.calls("Users.UninstallApp")) == 1


async def test_who_unregisters_has_no_bot_and_may_do_so_again(
    installs: Installs, directory: Directory, microsoft: Microsoft, anna: str
) -> None:
    await installs.install_for_user(TENANT, anna)
    await register(directory, anna)
    for _ in range(2):
        result = await installs.uninstall_for_user(TENANT, anna)
        assert (result.status, result.ok) == (InstallStatus.REMOVED, True)
        assert not await installed(microsoft, anna)
        assert await directory.registration(TENANT, anna) is None


async def test_an_app_policy_is_said_in_words(installs: Installs, microsoft: Microsoft, anna: str) -> None:
    await microsoft.control("PUT", "policy", blocked=[anna])
    result = await installs.install_for_user(TENANT, anna)
    assert (result.status, result.ok) == (InstallStatus.BLOCKED, False)
    assert "Ask your administrator" in result.text


async def test_before_the_admin_granted_the_permission_is_named(
    installs: Installs, graph: GraphClient, microsoft: Microsoft, anna: str
) -> None:
    granted = [name for name in ALL_GRANTED if not name.startswith("TeamsAppInstallation")]
    await microsoft.control("POST", "consent", granted=granted)
    graph.tenant(TENANT).forget_token()
    result = await installs.install_for_user(TENANT, anna)
    assert (result.status, result.ok) == (InstallStatus.NOT_GRANTED, False)
    assert "TeamsAppInstallation.ReadWriteSelfForUser.All" in result.text


async def test_an_app_that_is_not_uploaded_is_said_in_words(
    directory: Directory, microsoft: Microsoft, anna: str
) -> None:
    client = microsoft.client(external_id="00000000-0000-4000-8000-000000000000")
    try:
        result = await Installs(client, directory).install_for_user(TENANT, anna)
    finally:
        await client.close()
    assert result.status is InstallStatus.FAILED
    assert "app catalogue" in result.text


async def test_nobody_cannot_register(installs: Installs) -> None:
    result = await installs.install_for_user(TENANT, "00000000-0000-4000-8000-000000000000")
    assert (result.status, result.ok) == (InstallStatus.NO_SUCH_USER, False)


async def test_a_short_bad_moment_is_bridged(installs: Installs, microsoft: Microsoft, anna: str) -> None:
    await microsoft.fault("Users.InstallApp", status=503, retry_after=0.05, times=2)
    assert (await installs.install_for_user(TENANT, anna)).ok


async def test_a_long_one_is_said_in_words(installs: Installs, microsoft: Microsoft, anna: str) -> None:
    await microsoft.fault("Users.InstallApp", status=429, retry_after=120)
    result = await installs.install_for_user(TENANT, anna)
    assert (result.status, result.ok) == (InstallStatus.FAILED, False)
    assert "try again in a minute" in result.text


async def test_an_answer_lost_on_the_way_is_no_second_installation(
    installs: Installs, directory: Directory, microsoft: Microsoft, anna: str
) -> None:
    await microsoft.fault("Users.InstallApp", drop="after")
    await register(directory, anna)  # Teams has told the bot meanwhile
    result = await installs.install_for_user(TENANT, anna)
    assert result.status is InstallStatus.ALREADY
    assert await installed(microsoft, anna)


async def installed(microsoft: Microsoft, user: str) -> bool:
    people = (await microsoft.control("GET", "world"))["people"]
    return any(person["installed"] for person in people if person["id"] == user)
