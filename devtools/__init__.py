"""What tests, benchmarks and the check of the Space share: a server, a browser, a made-up run, a Hub, a full disk."""

from pathlib import Path

ROOT = Path(__file__).parents[1]  # of the repository
