"""From rewards to a better policy."""
