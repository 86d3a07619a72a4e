"""Build files of many-body bases: one basis at a time, with several processes, and on after an interruption.

A request of up to ``AT_ONCE`` monomials is computed in memory and written.  A larger one leaves each finished basis in
``<name>.parts`` beside the file, a file of the same kind with one basis, until all are there.  The same request gives
the same bytes, whichever process built a basis and however often the work was interrupted.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from pathlib import Path
from types import MappingProxyType
from typing import Any

from coupling.files.atomic import FINISHED, remove_abandoned
from coupling.files.catalogue import up_to_date
from coupling.files.container import file_name
from coupling.files.ownership import file_kind, require_replaceable
from coupling.files.reader import load_file
from coupling.files.sources import describe
from coupling.floating_point import default_rounding
from coupling.integers import count
from coupling.manybody.bases import basis
from coupling.manybody.reader import KIND
from coupling.manybody.request import BasesRequest, bases_request
from coupling.manybody.stored import Bases, packed
from coupling.manybody.value import Basis
from coupling.quoted import quoted

#: Largest number of monomials, those of each basis counted, that is computed in memory: about a second.
AT_ONCE = 1 << 18
PartOfFile = tuple[Mapping[str, Any], Path]


@default_rounding()
def build_bases(
    request: BasesRequest | str,
    output: str | os.PathLike[str] | None = None,
    *,
    workers: int = 1,
    force: bool = False,
    progress: Callable[[int], object] | None = None,
) -> Bases:
    """Return the bases of a request, or of its name; with ``output``, write them to a file as well.

    - output : ``<name>.safetensors``; an up-to-date file is kept, finished bases of an earlier attempt are used
    - workers : number of processes that build bases of a file
    - force : build again what is up to date, and write over any file
    - progress : called with the number of monomials that have just been finished; they add up to ``request.monomials``

    Raises ValueError for a name or request that does not exist, FileExistsError for an output that exists and holds no
    bases, or is of a newer schema; nothing is written then.

    >>> build_bases("symmetric-l2-n3-1o")[3, "1o"]
    Basis('0e + 1o + 2e', 3, '1o', 'symmetric', 'kernel', 'real': 5 paths, 71 entries)
    """
    wanted, done = requested_bases(request), progress or (lambda monomials: None)
    workers = count(workers, "workers")
    if output is None:
        return joined(wanted, _in_memory(wanted, done))
    target = Path(output)
    if target.name != file_name(wanted.name):
        raise ValueError(f"the file of these bases is called {file_name(wanted.name)}, got {quoted(target.name)}")
    require_replaceable(target, KIND, force)
    found: Bases | None = None if force else up_to_date(KIND, wanted, target)
    folder = target.with_suffix(".parts")
    if found is None:
        small = wanted.monomials <= AT_ONCE and workers == 1 and not folder.exists()
        made = _in_memory(wanted, done) if small else _in_parts(wanted, folder, workers, done)
        target.parent.mkdir(parents=True, exist_ok=True)
        found = load_file(KIND, joined(wanted, made).save(target.parent, force=force))
    remove_members(wanted, target)
    return found


def requested_bases(request: BasesRequest | str) -> BasesRequest:
    """Return a request, or the one that a name stands for; ValueError for a name that stands for none.

    >>> requested_bases("symmetric-l2-n3").order
    3
    """
    if isinstance(request, BasesRequest):
        return request
    found = bases_request(request) if isinstance(request, str) else None
    if found is None:
        raise ValueError(f"unknown bases {quoted(request)}; names look like symmetric-l3-n4, plain-l3-n3-1o-mace")
    return found


def joined(request: BasesRequest, made: Sequence[Basis]) -> Bases:
    """Return the single bases of a request as one object.

    >>> request = requested_bases("symmetric-l1-n2-0e")
    >>> joined(request, [basis(1, 2, "0e")])
    Bases('symmetric-l1-n2-0e': 1 bases, 2 paths, 4 entries)
    """
    counted, arrays = packed(made)
    metadata = MappingProxyType({**describe(KIND, request), **counted})
    keys = [(each.order, str(each.output)) for each in request.members]
    return Bases(request, metadata, MappingProxyType(arrays), MappingProxyType(dict(zip(keys, made, strict=True))))


def _in_memory(request: BasesRequest, done: Callable[[int], object]) -> list[Basis]:
    made = []
    for member in request.members:
        made.append(_made(member))
        done(member.monomials)
    return made


def _made(member: BasesRequest) -> Basis:
    kinds = {"paths": member.paths, "basis": member.basis, "intermediates": member.intermediates}
    return basis(member.lmax, member.order, str(member.output), member.symmetry, **kinds)


# -- one file for each basis ------------------------------------------------------------------


def _in_parts(request: BasesRequest, folder: Path, workers: int, done: Callable[[int], object]) -> list[Basis]:
    """Build the bases that are not in the folder yet, the largest first, and return all of them."""
    members = {member.name: member for member in request.members}
    missing = [member for member in members.values() if up_to_date(KIND, member, _file(folder, member)) is None]
    done(request.monomials - sum(member.monomials for member in missing))
    missing.sort(key=lambda member: -member.monomials)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with _mapping(workers) as each:
            for name in each(build_member, [(member.content, folder) for member in missing]):
                done(members[name].monomials)
    finally:  # what other processes have finished, too
        FINISHED.extend(file for member in missing if (file := _file(folder, member)).exists())
    return [basis for member in members.values() for basis in load_file(KIND, _file(folder, member)).values()]


def build_member(work: PartOfFile) -> str:
    """Build one basis into a folder and return its name; processes call this function."""
    content, folder = work
    request: Any = BasesRequest(**content)
    joined(request, [_made(request)]).save(folder, flush=False)
    return str(request.name)


@contextmanager
def _mapping(workers: int) -> Iterator[Callable[[Callable[[PartOfFile], str], Sequence[PartOfFile]], Iterator[str]]]:
    """Yield a map to one of these processes, which end with the block; they leave Ctrl-C to this one."""
    if workers == 1:
        yield map
        return
    with get_context("spawn").Pool(workers, signal.signal, (signal.SIGINT, signal.SIG_IGN)) as pool:
        yield pool.imap_unordered


def _file(folder: Path, member: BasesRequest) -> Path:
    return folder / file_name(member.name)


def remove_members(request: BasesRequest, target: Path) -> None:
    """Remove the parts of a file that is complete, and what killed writers left; nothing else."""
    remove_abandoned(target)
    folder = target.with_suffix(".parts")
    for file in [_file(folder, member) for member in request.members] if folder.is_dir() else []:
        remove_abandoned(file)
        with suppress(OSError):
            if file_kind(file) == KIND:
                file.unlink()
    with suppress(OSError):  # it is not there, or holds something else
        folder.rmdir()
