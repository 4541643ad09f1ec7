"""The chat itself: messages in the order of storing, the room in Teams, what was sent and shown there."""
