"""Labelled pictures from packages: how well a model tells the same thing from another one."""
