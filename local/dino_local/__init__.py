"""Starts the whole platform on one machine without containers: servers from wheels, and our services."""
