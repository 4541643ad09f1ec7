-- due_mark: mark a subject due at `at` (ms), or now.
-- keys: root
-- args: subject, at:int
-- returns: nothing
-- journal: none
--@include due
due_mark(root, subject, at)
