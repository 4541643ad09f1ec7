-- typing: somebody is writing; nothing is kept.
-- keys: root
-- args: tenant, conversation, who
-- returns: nothing
-- journal: none
--@include bell
bell('typing', tenant, conversation, who)
