"""The store: Redis, and everything that knows it. Nobody outside this folder imports redis."""
