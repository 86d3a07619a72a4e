"""Where the source lies: links of the site to the repository, its pages and "edit", where an address is known.

The address is ``COUPLING_REPOSITORY``, or else that of git's remote ``origin``; a folder is no address of the web.
Without an address the site has no such link.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
VARIABLE = "COUPLING_REPOSITORY"

#: Hosts on which the theme knows how a page is edited.
EDITED = ("https://github.com/", "https://gitlab.com/", "https://bitbucket.org/")

#: ``https://host/path``, ``ssh://git@host:22/path`` and ``git@host:path``; names, passwords, ports of ssh are left out.
REMOTE = re.compile(
    r"(?:https?://(?:[^/@]*@)?(?P<web>[\w.-]+(?::\d+)?)/"
    r"|(?:ssh|git)://(?:[^/@]*@)?(?P<ssh>[\w.-]+)(?::\d+)?/"
    r"|[\w.-]+@(?P<scp>[\w.-]+):(?!\d+/))"
    r"(?P<path>[\w.~/-]+?)(?:\.git)?/?"
)


def web_address(remote: str) -> str | None:
    """Return the page of a repository on the web, from what git calls its remote; None for a path.

    >>> web_address("git@github.com:someone/coupling.git")
    'https://github.com/someone/coupling'
    >>> web_address("https://name:secret@code.example.org/someone/coupling/")
    'https://code.example.org/someone/coupling'
    >>> web_address("../coupling.git"), web_address("file:///srv/coupling"), web_address("C:/coupling")
    (None, None, None)
    """
    found = REMOTE.fullmatch(remote.strip())
    host = found and (found["web"] or found["ssh"] or found["scp"])
    return f"https://{host}/{found['path'].strip('/')}" if found and host and "." in host else None


def asked(*command: str, folder: Path = ROOT) -> str:
    """Return what git says about a folder; nothing where there is no git, or no answer."""
    try:
        done = subprocess.run(["git", *command], cwd=folder, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def address(folder: Path = ROOT, environment: Mapping[str, str] = os.environ) -> str | None:
    """Return the address of the repository, if it is on the web.  Raises ValueError for a variable that is none."""
    if given := environment.get(VARIABLE):
        if (page := web_address(given)) is None:
            raise ValueError(f"{VARIABLE} must be the address of a repository, https://host/path, got {given!r}")
        return page
    within = asked("rev-parse", "--show-prefix", folder=folder)  # files that lie in another project's repository
    return None if within else web_address(asked("remote", "get-url", "origin", folder=folder))


def branch(folder: Path = ROOT) -> str:
    """Return the branch that the remote shows first."""
    return asked("symbolic-ref", "--short", "refs/remotes/origin/HEAD", folder=folder).removeprefix("origin/") or "main"


def theme_options(page: str | None, shown: str) -> dict[str, Any]:
    """Return options of the theme: a link in the foot of each page, and "view" and "edit" on hosts that it knows.

    >>> theme_options("https://github.com/someone/coupling", "main")["source_branch"]
    'main'
    >>> theme_options(None, "main")
    {}
    """
    if page is None:
        return {}
    options: dict[str, Any] = {"footer_icons": [{"name": "Repository", "url": page, "html": "Repository", "class": ""}]}
    if page.startswith(EDITED):
        options |= {"source_repository": page, "source_branch": shown, "source_directory": ""}
    return options


def setup(app: Any) -> dict[str, bool]:
    return {"parallel_read_safe": True}
