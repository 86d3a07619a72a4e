"""Modules that need a framework that is not installed have no examples to run."""

from importlib.util import find_spec

collect_ignore_glob = [f"coupling/backends/{name}/*" for name in ("e3nn", "jax", "torch") if find_spec(name) is None]
if find_spec("torch") is None:
    collect_ignore = ["coupling/atoms/derivatives.py"]
