# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""The SDK's way to Graph, which reads answers beside the event loop.

The generated models ask each other for their fields: 5 ms of Python for each object, a quarter of a second for a page of
messages, in which nobody else's message would move. In a thread the loop goes on. Imported late, as all of the SDK
(`graph.warm`).
"""

import asyncio
from typing import Any

from kiota_abstractions.request_information import RequestInformation
from kiota_abstractions.serialization import ParsableFactory
from kiota_serialization_json.json_parse_node_factory import JsonParseNodeFactory
from msgraph.graph_request_adapter import GraphRequestAdapter


class Adapter(GraphRequestAdapter):
    """Reads objects in a thread. Refusals are a single small object, and read as the SDK does."""

    async def send_async(
        self,
        request_info: RequestInformation,
        parsable_factory: ParsableFactory[Any],
        error_map: dict[str, type[ParsableFactory[Any]]] | None,
    ) -> Any:
        """The answer as an object of the SDK's; None when it is empty. Raises what the SDK raises."""
        answer: Any = await self.send_primitive_async(request_info, "bytes", error_map)
        return None if answer is None else await asyncio.to_thread(_read, answer, parsable_factory)


def _read(answer: bytes, factory: ParsableFactory[Any]) -> Any:
    return JsonParseNodeFactory().get_root_parse_node("application/json", answer).get_object_value(factory)
