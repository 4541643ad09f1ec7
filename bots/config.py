"""What the bot is told once, at the start."""

from dataclasses import dataclass

from entry.hosts import is_loopback, leads_here

SINGLE_TENANT, MANAGED_IDENTITY, MULTI_TENANT = "SingleTenant", "UserAssignedMSI", "MultiTenant"

BOT_SCOPE = "https://api.botframework.com/.default"
"""What the bot's own token is for (Bot Connector authentication, docs)."""


class BotRefused(Exception):
    """The bot cannot start like this; the message says why."""


@dataclass(frozen=True, slots=True)
class BotConfig:
    """Who the bot is, and which issuers it believes. All addresses are given: Microsoft's, or those of a stand-in."""

    app_id: str
    app_type: str
    app_secret: str
    tenant_id: str
    login_url: str
    openid_url: str
    token_issuer: str
    ca_file: str | None = None
    allow_unauthenticated: bool = False
    teams_app_id: str = ""
    public_url: str = ""
    host: str = "127.0.0.1"
    """The address that Usher listens on."""

    def __post_init__(self) -> None:
        """The SDK switches authentication off when it has no app id; here that needs its own, loudly named setting."""
        if self.allow_unauthenticated:
            if not (leads_here(self.public_url) and is_loopback(self.host)):
                raise BotRefused("a bot that accepts unauthenticated activities may only listen at home")
            return
        missing = [
            name
            for name in ("app_id", "tenant_id", "login_url", "openid_url", "token_issuer")
            if not getattr(self, name)
        ]
        if self.app_type != MANAGED_IDENTITY and not self.app_secret:
            missing.append("app_secret")
        if missing:
            raise BotRefused(f"the bot's credentials are incomplete: {', '.join(missing)}")
