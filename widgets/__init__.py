"""The widgets: they draw from values and send messages, and know nothing else."""
