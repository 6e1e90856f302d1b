"""Jobs that the app has asked for: a queue on disk, and one process for each that is at work.

All of it is on disk, so that a reload, a lost connection or a server that was killed finds it again. Beside the
runs stands a folder `.jobs`, with a folder for each run that was started or asked for here:

    job.json       what is wanted: written by the app
    ended.json     why it is not going on, and the error if it is one: by its process, or by `tick` when that died
    progress.json  how far it is, where the run itself does not say so
    note.txt       something the viewer should know
    seen           touched while somebody looks
    worker.log     what its process printed

A job is at work exactly while a process holds its lock, which the system lets go however that process ends.

kinds.py       the kinds of jobs, declared once      supervisor.py   where every training stands; starts what waits
files.py       the files above                       requests.py     what a visitor may do with runs
processes.py   starts them, and asks how they are    machine.py      how fast this machine trains
asked.py       what jobs share that are no training: deepening.py, which measures, and sweeping.py, which fills a map
apart.py       one computation in a process of its own, for whoever waits: it needs no file
"""
