"""Files of other programs are neither replaced nor removed, unless that is forced.

Every file that is written says what it is, and is recognised by that alone, never by its name: a table, a file of
arrays or factors and a part of a table by the schema in the header; an export by its metadata; a picture by the
program it names; a page, measurement, certificate, record and manifest by its first lines.  A file may take the place
of one of its own kind, of the same schema version or an older one.  It may also take the place of an empty file, and of
one with the same bytes.  A folder, a pipe or a device keeps its place in any case.  A symbolic link stays, and the file
it leads to is the one that counts.
"""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from coupling.files import Kind, kind_named
from coupling.files.container import open_regular, special

#: Bytes read at the beginning and at the end of a file: the longest header that the reader accepts.
HEAD = (1 << 16) + 8
CHUNK = 1 << 20


#: What begins a file of ours → its kind, which the groups of the pattern name where there are any.
HEADS = (
    (
        rb'.{8}\{"__metadata__":\{"coupling":"\{.*?\\"schema\\":\\"coupling-([a-z]+)\\",'
        rb'\\"schema_version\\":(\d{1,9})',
        "",
    ),
    (rb'\{\s*"schema": "coupling-(manifest)",\s*"schema_version": (\d{1,9})', ""),
    (rb"\x89PNG\r\n\x1a\n.*?tEXtSoftware\0coupling", "picture"),
    (rb"<\?xml.*?<svg.*?<dc:title>coupling</dc:title>", "picture"),
    (rb"%PDF-.*/Creator \(coupling\)", "picture"),
    (rb".{0,400}?(?:[Ww]ritten|Made)\s+by\s+`(coupling [a-z]+|make bench|python -m benchmarks\.[a-z_]+)", "page"),
    (rb'\{\s*(?:"measured": \{\s*)?"by": "(python -m benchmarks\.[a-z_]+)', "page"),
    (rb'\{"spec": \{"problem": ', "record"),
    (rb'\{\n.*?"id": "[a-z0-9_]+",\n.*"status": "', "certificate"),
    (rb'.{0,65536}?"schema": ?"coupling-(export|arrays)", ?"schema_version": ?(\d{1,9})', ""),
    (rb'\{"subscripts": .*"metadata": \{"schema": "coupling-(export)", "schema_version": (\d{1,9})', ""),
    (rb"/\*\n \* (?:Table|Arrays|Coupling coefficients) .{0,65536}?Written by coupling \d", "header"),
    (rb"(?:# table: .{0,65536}?\n# written by: coupling \d[^\n]*\n)?l1,l2,l3,m1,m2,m3,input1,input2,output,", "sheet"),
    (rb"# table: .{0,65536}?\n# written by: coupling \d[^\n]*\nj1,j2,j3,(?:j4,j5,j6|m1,m2,m3),", "sheet"),
)


def kind_of(content: bytes) -> Kind | None:
    """Return what a file with this content is, or None for one that the package did not write.

    >>> kind_of(b"<!-- Written by `coupling derive --write` from derivations/gaunt.py. -->"), kind_of(b"a,b,c")
    (Kind(name='page of coupling derive', version=0), None)
    """
    ends = content[:HEAD] + content[HEAD:][-HEAD:]
    plain = ends.replace(b"\0\0\0", b"") if content.startswith(b"PK") else ends  # UTF-32 inside an .npz
    for pattern, name in HEADS:
        if found := re.match(pattern, plain, re.DOTALL):
            groups = [group.decode() for group in found.groups()]
            if name == "page":
                return Kind(f"page of {groups[0]}")
            return Kind(name) if name else Kind(groups[0], int(groups[1]))
    return None


def file_kind(path: Path) -> Kind | None:
    """Return what a file is, by its content, or None for one that the package did not write."""
    with open_regular(path) as file:
        head = file.read(HEAD)
        file.seek(max(len(head), os.fstat(file.fileno()).st_size - HEAD))
        return kind_of(head + file.read(HEAD))


def require_replaceable(path: Path, kind: Kind | None, force: bool = False) -> None:
    """Raise FileExistsError unless a file of this kind may be written at a path; OSError for a folder or a device.

    force : over any file

    >>> require_replaceable(Path("no/such/file.png"), Kind("picture"))
    """
    try:
        mode, size = (status := path.stat()).st_mode, status.st_size
    except FileNotFoundError:
        return
    if not stat.S_ISREG(mode):
        raise OSError(f"{path} must be a file, or new, to be written; got {special(mode)}")
    if force or not size:
        return
    found = file_kind(path)
    if kind is None or found is None or found.name != kind.name or found.version > _newest(kind):
        raise FileExistsError(f"{path} is kept: it is {_said(found, kind)}; give another name, or --force (force=True)")


def _newest(kind: Kind) -> int:
    """Return the newest schema version that this package knows of a kind of file."""
    return max((kind_named(kind.name) or kind).versions)


def _said(found: Kind | None, wanted: Kind | None) -> str:
    if found is None:
        return "a file that coupling did not write"
    if wanted is not None and found.name == wanted.name:
        return f"a {found.name} of schema {found.version}, which is newer than {_newest(wanted)}, that of this version"
    return f"a {found.name} of coupling" if wanted is None else f"a {found.name} of coupling, not a {wanted.name}"


def holds(path: Path, content: bytes) -> bool:
    """Return whether a file has these bytes."""
    try:
        with open_regular(path) as file:
            if os.fstat(file.fileno()).st_size != len(content):
                return False
            return all(file.read(CHUNK) == content[i : i + CHUNK] for i in range(0, len(content), CHUNK))
    except OSError:
        return False
