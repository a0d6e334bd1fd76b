"""The themes: TOML files, and the loader that cannot stop the program."""
