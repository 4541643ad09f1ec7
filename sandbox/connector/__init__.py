"""The Bot Connector as Teams answers it: conversations, activities, members."""
