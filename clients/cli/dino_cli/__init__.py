"""The command line ``dino``: it talks to the gateway over REST, and to MongoDB for API keys."""
