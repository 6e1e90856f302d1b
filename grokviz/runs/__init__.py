"""A run is a folder. Live, bundled, imported and downloaded runs are all the same thing.

    a run being trained                     a packed run (at most 8 files, none over 48 MB)
    run.json    what it is                  run.json    the same, and what the other files must hold
    log.jsonl   a line a logged step        log.jsonl
    snapshots/00000570.safetensors          snapshots-0.safetensors   [n, ...] stacks and their steps
    resume.safetensors  optimiser state     timeline.safetensors      a cache of derived curves
                                            resume.safetensors        only where it was trained: to train on
                                            deep.safetensors          only where it was asked for: `study.deep`

Every file but the log is written under another name and renamed, the log grows by whole lines, and
run.json is renamed last: a folder can be opened whenever its writer was killed.

storage.py  bytes: files inside one folder, the lock        folder.py   reading a run
tensors.py  safetensors, checked before they are believed   write.py    writing one, and packing it
record.py   run.json                                        catalog.py  the runs in a folder of runs
log.py      log.jsonl                                       bundle.py   a run as a zip, out and in
leaflets.py the texts in that zip
"""
