"""Families of coefficients: the record, the registry, one file per family.

A family is one exact factor per path times the core that all share; see :mod:`coupling.conventions` for the definitions
and :class:`Family` for what else is known of one.  A family of your own is registered while a program runs.

>>> [family(name).parity for name in names()[:4]]
['all', 'all', 'even', 'odd']
"""

from coupling.families.record import Family
from coupling.families.registry import (
    check_claims,
    family,
    names,
    of_product,
    records,
    register,
    unregister,
    with_basis,
)

__all__ = ["Family", "check_claims", "family", "names", "of_product", "records", "register", "unregister", "with_basis"]
