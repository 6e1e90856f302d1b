"""GrokViz: train, record, measure and scrub the grokking of modular arithmetic.

A run is a folder: training writes it, measures read it, the film plays it.
"""

__version__ = "0.2.0"
