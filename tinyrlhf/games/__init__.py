"""Where things happen: worlds that turn actions into states and true rewards."""
