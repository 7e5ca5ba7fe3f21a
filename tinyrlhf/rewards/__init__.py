"""From answers to rewards: the choice likelihood, Bradley-Terry, reward models."""
