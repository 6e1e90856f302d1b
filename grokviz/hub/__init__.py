"""The Hub: runs that others have published, and publishing one's own.

refs.py       owner/name[@revision][/file], read strictly
client.py     asking the Hub and fetching from it: limits, resuming, checks, a sentence for every fault
fetch.py      a reference becomes a run in the folder of downloaded runs
job.py        the same in a process of its own, which a page can follow and cancel
known.py      the public runs that are known
card.py       the model card of a run; publish.py sends both
space.py      the app on a Space
"""
