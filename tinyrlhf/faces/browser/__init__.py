"""People at a browser: one at this computer, or a whole room at their phones."""
