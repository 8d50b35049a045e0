"""Films as files: opening them safely, what they are, and what they may cost."""
