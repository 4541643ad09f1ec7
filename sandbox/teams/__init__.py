"""Teams: what people see and click, and the activities that this sends to a bot."""
