"""The store: Redis, and the code that uses it. No other package imports redis."""
