"""Microsoft Graph by msgraph-sdk: rooms, installations, presence, consent; one error map, one table of permissions."""
