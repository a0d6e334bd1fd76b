"""The configuration: one TOML file, read into frozen values, with every problem told at once."""
