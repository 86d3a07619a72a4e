"""What was replaced in a model, what was left, and how many operations each has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class ModelEntry:
    """A module of a model.

    name : its name in the model
    kind : "tensor product", "convolution", "symmetric contraction", or "module" for what multiplies in another way
    operations : multiply-adds for one sample: an edge, an atom, a row
    text : what it computes, or why it was left
    """

    name: str
    kind: str
    operations: int
    text: str


@dataclass(frozen=True)
class ModelReport:
    """The modules of a model that were replaced, and those with weights that were left.

    ``undo()`` puts them back.

    >>> one, other = ModelEntry("tp", "tensor product", 12, "2 paths"), ModelEntry("linear", "module", 9, "no product")
    >>> print(ModelReport((one,), (other,)))
    replaced    multiply-adds
    tp                     12  2 paths
    left
    linear                  9  no product
    """

    replaced: tuple[ModelEntry, ...]
    left: tuple[ModelEntry, ...]
    undo: Callable[[], int] = field(default=lambda: 0, repr=False, compare=False)

    def __str__(self) -> str:
        width = max([8, *(len(entry.name) for entry in (*self.replaced, *self.left))])
        lines = [f"{'replaced':<{width}}    multiply-adds"]
        lines += [_line(entry, width) for entry in self.replaced]
        lines += ["left", *(_line(entry, width) for entry in self.left)] if self.left else []
        return "\n".join(lines)


def _line(entry: ModelEntry, width: int) -> str:
    return f"{entry.name:<{width}}    {entry.operations:>13}  {entry.text}"
