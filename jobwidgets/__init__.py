"""Jupyter widgets that watch long jobs on a server, and stay true."""

__version__ = "0.1.0"
