"""The Poisson bracket of the sphere: its definitions and symmetries, for arbitrary functions."""

from collections.abc import Iterator

import sympy as sp

from derivations.null_vectors import POINT, SPHERE
from derivations.symbols import l1, l2, l3, phi, theta


def functions(*names: str) -> list[sp.Expr]:
    """Arbitrary functions of θ and φ."""
    return [sp.Function(name)(theta, phi) for name in names]


def jacobian(f: sp.Expr, g: sp.Expr) -> sp.Expr:
    """∂θf ∂φg − ∂φf ∂θg"""
    return sp.diff(f, theta) * sp.diff(g, phi) - sp.diff(f, phi) * sp.diff(g, theta)


def surface_gradient(f: sp.Expr) -> sp.Matrix:
    """θ̂ ∂θf + φ̂ ∂φf / sinθ, in Cartesian components."""
    along_theta = SPHERE.diff(theta)
    along_phi = SPHERE.diff(phi) / sp.sin(theta)
    return along_theta * sp.diff(f, theta) + along_phi * sp.diff(f, phi) / sp.sin(theta)


def definitions() -> Iterator[sp.Expr]:
    r"""$\sin\theta\;r\cdot(\nabla f\times\nabla g)-(\partial_\theta f\,\partial_\phi g-\partial_\phi
    f\,\partial_\theta g)$ for arbitrary $f,g$; the same Jacobian minus $\sin\theta\,(\partial_\phi
    f\,\partial_zg-\partial_zf\,\partial_\phi g)$ with $\partial_\theta=-\sin\theta\,\partial_z$; $r\cdot(\nabla
    x_i\times\nabla x_j)-\varepsilon_{ijk}x_k$; and $r\cdot((u+\alpha r)\times(v+\beta r))-r\cdot(u\times v)$."""
    f, g = functions("f", "g")
    triple = SPHERE.dot(surface_gradient(f).cross(surface_gradient(g)))
    yield sp.simplify(sp.sin(theta) * triple - jacobian(f, g))
    fz, gz, fphi, gphi = sp.symbols("f_z g_z f_phi g_phi")
    chain = -sp.sin(theta) * fz * gphi + fphi * sp.sin(theta) * gz
    yield sp.expand(chain - sp.sin(theta) * (fphi * gz - fz * gphi))
    for i, j, k in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
        yield sp.simplify(jacobian(SPHERE[i], SPHERE[j]) / sp.sin(theta) - SPHERE[k])
    u, v = sp.Matrix(sp.symbols("u1:4")), sp.Matrix(sp.symbols("v1:4"))
    alpha, beta = sp.symbols("alpha beta")
    shifted = (u + alpha * POINT).cross(v + beta * POINT)
    yield sp.expand(POINT.dot(shifted) - POINT.dot(u.cross(v)))


def antisymmetry() -> Iterator[sp.Expr]:
    r"""$D(g,h)+D(h,g)$ and $f\,D(g,h)+g\,D(f,h)-\partial_\theta(fg\,\partial_\phi
    h)+\partial_\phi(fg\,\partial_\theta h)$ with $D(f,g)=\partial_\theta f\,\partial_\phi g-\partial_\phi
    f\,\partial_\theta g$ and arbitrary $f,g,h$; and $D(1,g)$."""
    f, g, h = functions("f", "g", "h")
    yield sp.expand(jacobian(g, h) + jacobian(h, g))
    divergence = sp.diff(f * g * sp.diff(h, phi), theta) - sp.diff(f * g * sp.diff(h, theta), phi)
    yield sp.expand(f * jacobian(g, h) + g * jacobian(f, h) - divergence)
    yield jacobian(sp.Integer(1), g)


def antipodal() -> sp.Expr:
    r"""$I(\lambda r)/I(r)-\lambda^{J-1}$ for
    $I=(a_1\cdot r)^{l_1}\,r\cdot(\nabla(a_2\cdot r)^{l_2}\times\nabla(a_3\cdot r)^{l_3})$, symbolic in the degrees."""
    stretch, first, second, third, triple = sp.symbols("lambda p1 p2 p3 d", positive=True)

    def integrand(factor: sp.Expr) -> sp.Expr:
        powers = (factor * first) ** l1 * (factor * second) ** (l2 - 1) * (factor * third) ** (l3 - 1)
        return powers * factor * triple

    ratio = sp.powsimp(sp.expand_power_base(integrand(stretch) / integrand(sp.Integer(1))))
    return sp.simplify(ratio - stretch ** (l1 + l2 + l3 - 1))


def laplacian(h: sp.Expr) -> sp.Expr:
    """Δh on the unit sphere."""
    polar = sp.diff(sp.sin(theta) * sp.diff(h, theta), theta) / sp.sin(theta)
    return polar + sp.diff(h, phi, 2) / sp.sin(theta) ** 2


def gradient_dot() -> sp.Expr:
    r"""$2\,\nabla f\cdot\nabla g-\Delta(fg)+f\,\Delta g+g\,\Delta f$ for arbitrary $f,g$ on the sphere."""
    f, g = functions("f", "g")
    pairing = sp.diff(f, theta) * sp.diff(g, theta) + sp.diff(f, phi) * sp.diff(g, phi) / sp.sin(theta) ** 2
    return sp.simplify(sp.expand(2 * pairing - laplacian(f * g) + f * laplacian(g) + g * laplacian(f)))
