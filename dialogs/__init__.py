"""What takes several turns: registration and status in Teams, arrival (a service's workflow) with the visitor."""
