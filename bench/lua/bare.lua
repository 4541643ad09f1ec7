-- bare: a script that does nothing, called with what `accept` is called with.
-- keys: root
-- args: tenant, task, offer, user, via, allowed, at:int
-- returns: 1
-- journal: -
return 1
