"""The data sources: one file each, one class each, every one of them read by `async poll() -> Reading`."""
