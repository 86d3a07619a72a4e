"""Polynomials in the components of features and their derivatives, a tile of atoms × lanes at a time.

An atom's features of one block of lanes are rows of a scratch memory; so are products of two rows, cotangents and
results.  A batch is ``len(columns)`` atoms of one species, so that a coefficient is loaded once for all of them.  Then

    products   row = Σ row · row                                             (nodes, their tangents)
    sums       row = Σ_groups row · Σ_terms coefficient · row                (values, adjoints of nodes)
    chain      row += Σ row · row                                            (adjoints through products)

and the last rows are the output; for gradients in the coefficients, coefficient += Σ_groups Σ_terms row · row · row.
The rows and the lists are those of :mod:`coupling.manybody.contraction_lists`.  Coefficients of a species and block are
copied together, since their rows in memory lie a power of two apart and would share few places of a cache.

Every output is summed by one call in the order of the lists: the number of threads does not change a bit.

Domain: places are 64-bit integers and lie inside an array.  Shapes are those of
:class:`coupling.products.SymmetricContraction`; nothing is checked.
"""

from __future__ import annotations

from coupling.kernels.jit import kernel
from coupling.kernels.lanes import flat, part
from coupling.kernels.tiles import ONE, inner, load, outer, plus_products, product, store, zeros

#: Atoms in a batch.
BATCH = (0, 0, 0, 0)


@kernel
def contraction(x, v, g, rows, coefficients, out, tasks, atoms, first, last, lanes, program, space, held):
    """Write the outputs [atoms, entries, channels] of tasks first … last-1.

    x, v, g: arrays as out, of which those are read whose place in rows is not -1; rows [4]: where x, v, g and the
    output begin in the scratch; coefficients [species, terms, channels]; tasks [n, 4]: species, first channel, and the
    first and last of ``atoms``; lanes: a tuple as long as a register; space, held: scratch for rows and coefficients.
    """
    scratch, table, target, where = flat(space), flat(held), flat(out), flat(atoms)
    a, b, c, coefficient = flat(x), flat(v), flat(g), flat(coefficients)
    entries = x.shape[1], v.shape[1], g.shape[1], out.shape[1]
    channels, terms, w = x.shape[2], coefficients.shape[1], len(lanes)
    places = rows[0], rows[1], rows[2]
    for task in range(first, last):
        species, channel, n, end = tasks[task, 0], tasks[task, 1], tasks[task, 2], tasks[task, 3]
        _gather(coefficient, species * terms * channels, terms, channels, channel, table, 0, w, w)
        _ones(scratch, w * len(BATCH))
        while n < end:
            if n + len(BATCH) <= end:
                _begin(a, b, c, entries, places, where, n, channels, channel, lanes, BATCH, program, scratch)
                _values(program, lanes, BATCH, scratch, table)
                _end(target, entries[3], rows[3], where, n, channels, channel, lanes, BATCH, scratch)
                n += len(BATCH)
            else:
                _begin(a, b, c, entries, places, where, n, channels, channel, lanes, ONE, program, scratch)
                _values(program, lanes, ONE, scratch, table)
                _end(target, entries[3], rows[3], where, n, channels, channel, lanes, ONE, scratch)
                n += 1


@kernel
def coefficient_gradient(x, v, g, rows, out, tasks, atoms, first, last, lanes, program, space, held):
    """Write the gradients [species, terms, channels] of tasks first … last-1, as ``contraction``."""
    scratch, table, target, where = flat(space), flat(held), flat(out), flat(atoms)
    a, b, c = flat(x), flat(v), flat(g)
    entries = x.shape[1], v.shape[1], g.shape[1], 0
    channels, terms, w = x.shape[2], out.shape[1], len(lanes)
    places = rows[0], rows[1], rows[2]
    for task in range(first, last):
        species, channel, n, end = tasks[task, 0], tasks[task, 1], tasks[task, 2], tasks[task, 3]
        for i in range(terms * w):
            table[i] = 0
        _ones(scratch, w * len(BATCH))
        while n < end:
            if n + len(BATCH) <= end:
                _begin(a, b, c, entries, places, where, n, channels, channel, lanes, BATCH, program, scratch)
                _gradients(program, lanes, BATCH, scratch, table)
                n += len(BATCH)
            else:
                _begin(a, b, c, entries, places, where, n, channels, channel, lanes, ONE, program, scratch)
                _gradients(program, lanes, ONE, scratch, table)
                n += 1
        _scatter(target, species * terms * channels, terms, channels, channel, table, 0, w, w)


@part
def _ones(scratch, count):
    for i in range(count):
        scratch[i] = 1


@part
def _begin(a, b, c, entries, places, atoms, n, channels, channel, lanes, columns, program, scratch):
    """Write the rows of the inputs and of products."""
    w, step = len(lanes), len(lanes) * len(columns)
    for j in range(len(columns)):
        atom = atoms[n + j] * channels
        _gather(a, atom * entries[0], entries[0], channels, channel, scratch, places[0] * step + j * w, step, w)
        if places[1] >= 0:
            _gather(b, atom * entries[1], entries[1], channels, channel, scratch, places[1] * step + j * w, step, w)
        if places[2] >= 0:
            _gather(c, atom * entries[2], entries[2], channels, channel, scratch, places[2] * step + j * w, step, w)
    _products(program[0], lanes, columns, scratch, False)


@part
def _values(program, lanes, columns, scratch, table):
    """Write the rows that are sums."""
    _sums(program[1], lanes, columns, scratch, table)
    _products(program[2], lanes, columns, scratch, True)


@part
def _end(target, entries, place, atoms, n, channels, channel, lanes, columns, scratch):
    """Copy the rows of the output to their atoms."""
    w, step = len(lanes), len(lanes) * len(columns)
    for j in range(len(columns)):
        origin = atoms[n + j] * channels * entries
        _scatter(target, origin, entries, channels, channel, scratch, place * step + j * w, step, w)


@part
def _gradients(program, lanes, columns, scratch, table):
    """Add what a batch of atoms contributes to the gradients in the coefficients."""
    w, step = len(lanes), len(lanes) * len(columns)
    groups, terms = flat(program[1][1]), flat(program[1][2])
    term = 0
    for group in range(0, program[1][1].size, 3):
        stem = load(scratch, groups[group] * step, 0, w, ONE, columns)
        cotangent = load(scratch, groups[group + 1] * step, 0, w, ONE, columns)
        factor = plus_products(zeros(scratch, ONE, columns), stem, cotangent)
        end = groups[group + 2]
        while term < end:
            place = terms[term] * w
            total = load(table, place, 0, 0, ONE, ONE)
            total = inner(total, factor, load(scratch, terms[term + 1] * step, 0, w, ONE, columns))
            store(table, place, 0, 0, total)
            term += 2


@part
def _products(chain, lanes, columns, scratch, keep):
    """Write rows [n, 2], row and end of its list, as sums of products of pairs of rows [m, 2]; or add to them."""
    w, step = len(lanes), len(lanes) * len(columns)
    rows, pairs = flat(chain[0]), flat(chain[1])
    pair = 0
    for row in range(0, chain[0].size, 2):
        place, end = rows[row] * step, rows[row + 1]
        total = load(scratch, place, 0, w, ONE, columns) if keep else zeros(scratch, ONE, columns)
        a = load(scratch, pairs[pair] * step, 0, w, ONE, columns)
        total = plus_products(total, a, load(scratch, pairs[pair + 1] * step, 0, w, ONE, columns))
        pair += 2
        while pair < end:
            a = load(scratch, pairs[pair] * step, 0, w, ONE, columns)
            total = plus_products(total, a, load(scratch, pairs[pair + 1] * step, 0, w, ONE, columns))
            pair += 2
        store(scratch, place, 0, w, total)


@part
def _sums(sums, lanes, columns, scratch, table):
    """Write rows [n, 2], row and end of its groups [m, 2], which are a factor and the end of its terms [k, 2]."""
    w, step = len(lanes), len(lanes) * len(columns)
    rows, groups, terms = flat(sums[0]), flat(sums[1]), flat(sums[2])
    group = term = 0
    for row in range(0, sums[0].size, 2):
        total = zeros(scratch, ONE, columns)
        last = rows[row + 1]
        while group < last:
            end = groups[group + 1]
            c = load(table, terms[term] * w, 0, 0, ONE, ONE)
            each = product(c, load(scratch, terms[term + 1] * step, 0, w, ONE, columns))
            term += 2
            while term < end:
                c = load(table, terms[term] * w, 0, 0, ONE, ONE)
                each = outer(each, c, load(scratch, terms[term + 1] * step, 0, w, ONE, columns))
                term += 2
            total = plus_products(total, each, load(scratch, groups[group] * step, 0, w, ONE, columns))
            group += 2
        store(scratch, rows[row] * step, 0, w, total)


@part
def _gather(values, origin, entries, channels, channel, memory, place, step, w):
    """Copy a block of lanes of all entries of an item to rows that begin at a place; lanes beyond the last are zero."""
    origin += channel
    if channel + w <= channels:
        for _ in range(entries):
            store(memory, place, 0, 0, load(values, origin, 0, 0, ONE, ONE))
            place += step
            origin += channels
    else:
        for _ in range(entries):
            for i in range(w):
                memory[place + i] = values[origin + i] if channel + i < channels else 0
            place += step
            origin += channels


@part
def _scatter(values, origin, entries, channels, channel, memory, place, step, w):
    """Copy rows that begin at a place to a block of lanes of all entries of an item."""
    origin += channel
    if channel + w <= channels:
        for _ in range(entries):
            store(values, origin, 0, 0, load(memory, place, 0, 0, ONE, ONE))
            place += step
            origin += channels
    else:
        for _ in range(entries):
            for i in range(channels - channel):
                values[origin + i] = memory[place + i]
            place += step
            origin += channels
