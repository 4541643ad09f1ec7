"""The sandbox answers only to names of this machine: a page elsewhere whose name points here is not one of them."""

import pytest

from sandbox.host import is_this_machine
from tests.sandbox.product import Product

STRANGERS = [
    "evil.example",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "10.0.0.5:80",
    "",
    "[::1",
    "xlocalhost",
]


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.8.9.1:80", "[::1]:4000", "localhost", "LOCALHOST:1", "shop.localhost:8"]
)
def test_names_of_this_machine(host: str) -> None:
    assert is_this_machine(host)


@pytest.mark.parametrize("host", STRANGERS)
def test_other_names(host: str) -> None:
    assert not is_this_machine(host)


@pytest.mark.parametrize("host", STRANGERS[:5])
async def test_a_page_whose_name_points_here_gets_nothing(product: Product, host: str) -> None:
    addresses = product.core.addresses
    port = addresses.http.rpartition(":")[2]
    for url in (f"{addresses.http}/", f"{addresses.http}/control/requests", f"{addresses.tls}/v1/.well-known/keys"):
        headers = {"Host": f"{host}:{port}" if host and ":" not in host else host}
        async with product.session.get(url, headers=headers) as answer:
            assert answer.status == 421
            assert "only to addresses of this machine" in await answer.text()
    async with product.session.get(f"{addresses.http}/", headers={"Host": f"shop.localhost:{port}"}) as answer:
        assert answer.status == 200
