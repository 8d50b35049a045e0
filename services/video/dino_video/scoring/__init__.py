"""Scoring how well a film holds together, as a job."""
