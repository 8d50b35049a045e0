"""Stores of their own for the tests of analytics' parts."""

# Fixtures are found by their names here.
from tests.integration.stores.conftest import make_asset, mongo, settings, until

__all__ = ["make_asset", "mongo", "settings", "until"]
