"""What all services share: contracts, bus, stores, settings, telemetry and errors."""

__version__ = "0.1.0"
