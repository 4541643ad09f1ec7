"""Speed and scale, side by side with peers and limits: `make bench`."""
