"""Running Usher: command line, logs, health, metrics."""
