"""The yardstick: exact answers on worlds small enough to enumerate or sweep."""
