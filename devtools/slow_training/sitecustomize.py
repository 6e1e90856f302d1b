"""On the PYTHONPATH of a server, its trainings take a rest after every moment of work, and leave the processor to a browser.

Python imports this by its name when it starts.
"""

import signal
import sys
import time

WORK, REST = 0.02, 0.04  # seconds

if "grokviz.worker" in sys.orig_argv:
    signal.signal(signal.SIGALRM, lambda *_: time.sleep(REST))
    signal.setitimer(signal.ITIMER_REAL, WORK, WORK + REST)
