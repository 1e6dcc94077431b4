"""Faults of servers and networks on real sockets, and what a watch makes of each.

`table` lists the faults; `test_faults` tells the same story of each of them.
"""
