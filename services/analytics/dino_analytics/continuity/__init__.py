"""Continuity between shots and pictures: choosing the pairs, looking closely, telling and drawing what changed."""
