"""The bot: activities from Teams become use cases, and what changes becomes cards and messages in Teams."""
