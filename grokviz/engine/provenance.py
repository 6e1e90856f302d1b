"""With what and where a run is trained, for its record."""

import datetime
import os
import platform

import torch

import grokviz
from grokviz.config import RunConfig
from grokviz.engine.optimizers import all_constants_of
from grokviz.engine.train import choose_device
from grokviz.sequence_config import SequenceConfig


def provenance(config: RunConfig | SequenceConfig, device: str) -> dict[str, object]:
    """Versions, device, threads, cores, every constant of the optimiser, and the time."""
    where = choose_device(device)
    return {
        "grokviz": grokviz.__version__,
        "torch": torch.__version__,
        "python": platform.python_version(),
        "device": torch.cuda.get_device_name(where) if where.type == "cuda" else "cpu",
        "threads": torch.get_num_threads(),
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "constants": all_constants_of(config) if isinstance(config, RunConfig) else {},
        "started": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    }
