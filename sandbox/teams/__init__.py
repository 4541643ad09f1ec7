"""Teams itself: what people see and click, and the activities that a bot gets for it."""
