"""Maths on sets of feature vectors: neighbours, clusters, copies, anomalies, maps, thresholds. No I/O."""
