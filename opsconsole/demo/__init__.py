"""A small real stack on loopback, and scenarios that break it."""
