"""Consistency verdicts: calibrated against fixed thresholds, and under changes of light alone."""
