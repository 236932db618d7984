"""Lattice arithmetic.

>>> from epics import PV
>>> PV('U:53').put(1)
1
"""
import doctest

if __name__ == "__main__":
    doctest.testmod()
