"""Runs of other people's code, opened without running any of it, and rewritten as run folders.

torch_files.py        torch files of both layouts, by the machine of pickles.py, whose parts are in objects.py
safetensors_files.py  safetensors
other_files.py        what is no file of weights at all, and why it is usually there
arrays.py, values.py  tensors and values of a file as ours, never before their sizes are checked
sources.py            what a file holds: checkpoints, losses, settings, training pairs
layouts.py            one checkpoint in the names and shapes of `RunConfig.shapes`
infer.py, splits.py   what the file does not say and its numbers do: the operation, the split
training.py           how it says that it was trained
questions.py          what only a person knows
convert.py            all of it together: a file becomes a run folder
apart.py              the same in a process of its own, with limits
"""
