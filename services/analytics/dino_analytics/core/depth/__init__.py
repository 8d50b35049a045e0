"""What explains the difference between two pictures: light, framing, or another identity."""
