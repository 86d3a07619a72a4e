"""How the statements of each derivation are read: a module of the same name, with `READING`."""
