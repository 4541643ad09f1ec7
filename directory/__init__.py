"""The directory: tenants, services, users, licences, widgets, and who can be reached by the bot."""
