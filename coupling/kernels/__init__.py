"""Floating-point kernels, all numba.

Plain functions: arrays in, output arrays last, no validation, no allocation of results.  They are called by rank 3
only.
"""
