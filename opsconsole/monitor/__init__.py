"""What is true now: the poller asks, the board remembers, everybody else looks at the board."""
