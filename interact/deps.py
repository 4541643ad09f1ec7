"""What the visitor's door is made of."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from conversations.messages import Conversations
from directory.directory import Directory
from distribution.distributor import Distributor
from interact.limits import Limits
from store.connection import Store
from store.doorbells import Doorbells

STATIC = Path(__file__).parent / "static"
"""Where the built widget lies."""


@dataclass(frozen=True, slots=True)
class InteractDeps:
    """`visitor_key`: `identity.secrets.derive(secret, "visitor")`; `public_url`: this product's own address;
    `trusted_proxies`: addresses or networks of load balancers whose `X-Forwarded-For` is believed.
    """

    store: Store
    distributor: Distributor
    conversations: Conversations
    directory: Directory
    doorbells: Doorbells
    visitor_key: bytes
    public_url: str
    trusted_proxies: Sequence[str] = ()
    limits: Limits = field(default_factory=Limits)
    static: Path = STATIC
