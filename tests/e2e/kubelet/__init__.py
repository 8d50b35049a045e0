"""A kubelet for tests: scheduled pods run as local processes, without containers, images or root.

What is real: the API server's pods, Secrets, ConfigMaps, tokens and claims; environment, init containers, probes,
restarts with back-off, graceful deletion and the status that controllers read. What is not: images (their names are
recorded), isolation, and the network (each pod has a loopback address of its own). Linux only.
"""
