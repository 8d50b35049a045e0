"""The loop: what happens in the cluster becomes keys in a queue, and each key is brought to what its resource wants."""
