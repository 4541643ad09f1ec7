"""The distributor: which task is offered to which agent, when, and what becomes of it.

Everything that two people can race for happens in one Lua script (`lua/`); Python names the scripts, passes the tables in
(`transitions.TRANSITIONS`) and reads the flat replies. Nothing outside this package writes these keys.
"""
