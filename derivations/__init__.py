"""The symbolic witness: every formula the package rests on, derived from its definition in SymPy.

One file per derivation, named after what it derives; `registry` lists them, `run` examines them and
writes their certificates and pages. Nothing in `coupling` imports from here.
"""
