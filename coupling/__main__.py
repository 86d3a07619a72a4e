"""``python -m coupling`` is the command ``coupling``."""

from coupling.cli import main

if __name__ == "__main__":
    main(prog_name="coupling")
