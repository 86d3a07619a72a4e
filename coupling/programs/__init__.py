"""Programs of products: what a product computes for one block of lanes, recorded once and written for any target.

A *route* (:mod:`~coupling.programs.sparse`, :mod:`~coupling.programs.sphere`, :mod:`~coupling.programs.matrix`) records
a :class:`~coupling.programs.tape.Tape` of operations in single assignment.  A *writer* turns a tape into numbers
(:mod:`~coupling.programs.evaluate`), instructions of LLVM (:mod:`~coupling.programs.llvm`) or the text of a language
(:mod:`~coupling.programs.text`).
"""
