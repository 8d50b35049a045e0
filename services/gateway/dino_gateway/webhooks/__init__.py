"""Webhooks: events of the platform as signed HTTP requests to addresses of its users."""
