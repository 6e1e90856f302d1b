"""The reading pages as a static site: files that any server can hand out, with no Python behind them."""
