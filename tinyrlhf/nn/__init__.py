"""Networks, distributions and optimizers: numbers to numbers."""
