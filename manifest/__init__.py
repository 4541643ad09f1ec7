"""The Teams app package: manifest, icons, builder."""
