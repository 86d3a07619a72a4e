"""Floating-point kernels, all numba.

Plain functions: arrays in, output arrays last, no validation, no allocation of results.  Callers check the
arguments.
"""
