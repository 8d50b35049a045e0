"""A Prometheus beside a platform on this machine: ``make dashboards``."""
