"""tinyrlhf: reinforcement learning from human feedback, whole and readable, in NumPy."""
__version__ = "0.1.0"
