"""Coefficients as floating-point numbers: single values, blocks, tables of all paths, normalizations, recurrences.

Every number here is rounded once from its exact value, or carries the bound of its error; see
:mod:`coupling.numbers.accuracy`.
"""
