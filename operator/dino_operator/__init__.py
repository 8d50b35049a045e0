"""The operator: from a DinoDeployment to the Kubernetes objects that run it."""
