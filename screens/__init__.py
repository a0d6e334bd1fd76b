"""The screens: one a file; each decides what is shown and which command is meant."""
