"""What an invoke is answered with. Source: "Universal Actions for Adaptive Cards", response format, Teams docs."""

from collections.abc import Mapping
from typing import Any

Answer = Mapping[str, Any]


def card(content: Mapping[str, Any]) -> Answer:
    """The clicker sees this card in place of the one they clicked."""
    return {"statusCode": 200, "type": "application/vnd.microsoft.card.adaptive", "value": dict(content)}


def message(text: str) -> Answer:
    """The clicker reads this; their card stays."""
    return {"statusCode": 200, "type": "application/vnd.microsoft.activity.message", "value": text}


def unsupported(name: str) -> Answer:
    """For an invoke that Usher has no use for."""
    value = {"code": "NotSupported", "message": f"{name or 'this invoke'} is not supported"}
    return {"statusCode": 400, "type": "application/vnd.microsoft.error", "value": value}
