"""Timers: what happens because time passes, on every replica, fired by script, once."""
