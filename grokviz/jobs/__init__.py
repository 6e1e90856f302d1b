"""Trainings that the app has asked for: a queue of run folders, and one process for each that is being trained.

All of it is on disk, so that a reload, a lost connection or a server that was killed finds it again. Beside the
runs stands a folder `.jobs`, with a folder for each run that was started here:

    job.json     what is wanted of it: written by the app
    ended.json   why its training is not going on: written by the worker, or by `tick` when that died
    note.txt     something the viewer should know
    seen         touched while somebody looks

A run is being trained exactly while a process holds the lock of its folder, which the system lets go however
that process ends.

files.py       the files above            supervisor.py   where every run stands; starts what waits
requests.py    what a visitor may do
"""
