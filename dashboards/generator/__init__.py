"""What the dashboards show, as code: ``python -m dashboards.generator`` writes the JSON files."""
