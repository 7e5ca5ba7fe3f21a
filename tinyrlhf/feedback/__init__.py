"""What people said: records and the log that keeps them."""
