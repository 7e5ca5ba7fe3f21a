"""Faces: how people and a run meet, by showing and reading."""
