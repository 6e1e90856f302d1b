"""Training: the only part of GrokViz that imports torch."""
