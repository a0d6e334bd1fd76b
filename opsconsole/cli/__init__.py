"""The same program without a screen: one file a group of commands."""
