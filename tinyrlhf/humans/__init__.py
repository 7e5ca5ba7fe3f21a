"""Who answers: simulated people."""
