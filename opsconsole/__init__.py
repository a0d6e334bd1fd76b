"""opsconsole: a terminal operations console for the people who keep a web application alive."""

__version__ = "0.1.0"
