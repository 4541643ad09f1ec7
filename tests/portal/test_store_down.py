"""The store goes away and comes back: every call says when to come again, and an open page ends instead of showing old things."""

from pathlib import Path

from store.connection import open_store
from store.embedded import start_embedded
from tests.portal.company import ANNA
from tests.portal.office import open_office
from tests.support import wait_until


async def test_a_store_that_is_down_is_a_503_that_says_when_to_come_back(tmp_path: Path, tenant: str) -> None:
    server = start_embedded(tmp_path / "first")
    store = await open_store(server.url)
    try:
        async with open_office(store, tenant) as office:
            anna = office.browser(ANNA)
            async with anna.page() as page:
                server.release()
                await wait_until(lambda: page.ended, 10, "the end of the stream")
            async with office.http.get(f"{office.base}/api/v1/state", headers=anna.headers) as answer:
                assert answer.status == 503
                assert int(answer.headers["Retry-After"]) >= 1
                assert (await answer.json())["error"]["code"] == "store_down"
            error = await anna.refused("POST", "/me/duty", {"on": False}, expect=503)
            assert error["code"] == "store_down"
    finally:
        await store.close()
