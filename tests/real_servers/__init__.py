"""Servers that others wrote, each in an environment of its own, on a free port of loopback."""
