# A physicist: one coefficient, exactly; its conventions; a table; a recoupling coefficient; a program in C.
coupling --version
coupling value 3j 2 6 4 0 0 0 --exact
coupling value gaunt 1 1 2 1 -1 0 --latex
coupling value ag 3 4 4 1 2 -3 --exact
coupling value CG 1/2 1/2 1 1/2 -1/2 0
coupling info real-l4
coupling check real-l4
coupling export real-l4 --format csv -o gaunt.csv --family gaunt
coupling build --lmax 6 --basis complex
coupling check complex-l6.safetensors
coupling tabulate 6j --lmax 5/2 --half-integers --exact -o 6j.csv
coupling symbols
printf '#include "coupling_symbols.h"\nint main(void) { return coupling_symbols_differ(); }\n' > program.c
if command -v cc; then cc -std=c99 program.c -o program -lm && ./program; fi
python - << 'END'
from fractions import Fraction

import coupling

half = Fraction(1, 2)
assert coupling.exact.wigner_6j(1, 1, 1, half, half, half) == coupling.exact.Surd(-1, 1, 9)
assert abs(coupling.wigner_9j(1, 1, 1, 1, 1, 1, 1, 1, 0)) > 0
print(coupling.exact.antisymmetric_gaunt(3, 4, 4, 1, 2, -3))
END
