"""What the operator needs of the Kubernetes API: requests, watches, server-side apply, a lease, events."""
