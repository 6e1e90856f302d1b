"""Runs of other people's code, opened without running any of it, and rewritten as run folders.

torch_files.py   torch files: weights only, and unknown classes as empty shells
sources.py       what a file holds: checkpoints, losses, settings, training pairs
layouts.py       one checkpoint in the names and shapes of `ModelSpec.shapes`
infer.py         what the file does not say and its numbers do: the operation, the split
convert.py       all of it together: a file becomes a run folder
"""
