"""What a network's weights say: forward pass, Fourier analysis, circuit, progress measures, timeline.

Pure functions over numpy arrays, in the dtype of the weights. Read in this order: forward, fourier,
circuit, progress, timeline.
"""
