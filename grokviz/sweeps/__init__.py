"""Many runs at once: what is varied, what became of each run, and by which rule that is called grokking.

A sweep is a folder:

    sweep.json      what is trained: the settings that all runs share, those that vary, and the seeds
    outcomes.jsonl  a line of JSON for every run that is over, all lines of a batch written at once
    runs/           the run folders of those that were to be kept

grid.py      the definition            training.py  a batch of runs through the engine, to its outcomes (torch)
outcomes.py  the table                 runners.py   all batches: here, in processes of their own, or on a Ray cluster
rules.py     what happened, by which rule             bundled.py   the sweeps that come with GrokViz
"""
