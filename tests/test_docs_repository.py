"""Links of the site to the repository: from a remote on the web or a variable, and none where there is no address."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.sources import ROOT
from tests.test_docs_site import helper

REPOSITORY = helper("repository")
PAGE = "https://github.com/someone/coupling"

REMOTES = {
    "https://github.com/someone/coupling.git": PAGE,
    "https://github.com/someone/coupling": PAGE,
    "https://token:x-oauth-basic@github.com/someone/coupling.git": PAGE,
    "git@github.com:someone/coupling.git": PAGE,
    "ssh://git@github.com:22/someone/coupling.git": PAGE,
    "git://github.com/someone/coupling/": PAGE,
    "https://code.example.org:8443/a/b/coupling.git": "https://code.example.org:8443/a/b/coupling",
    "": None,
    "/srv/git/coupling.git": None,
    "../coupling": None,
    "file:///srv/coupling": None,
    "C:/srv/coupling": None,
    "host:coupling": None,
    "git@host:coupling": None,
    "javascript:alert(1)": None,
    "https://github.com/a b": None,
}


@pytest.mark.parametrize(("remote", "page"), REMOTES.items())
def test_a_remote_on_the_web_has_a_page(remote: str, page: str | None) -> None:
    assert REPOSITORY.web_address(remote) == page


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A repository with a remote."""
    for command in ("init -q", "remote add origin git@github.com:someone/coupling.git"):
        subprocess.run(["git", *command.split()], cwd=tmp_path, check=True)
    return tmp_path


def test_the_remote_of_a_clone_becomes_links(clone: Path) -> None:
    assert REPOSITORY.address(clone, {}) == PAGE and REPOSITORY.branch(clone) == "main"
    options = REPOSITORY.theme_options(PAGE, "main")
    assert [icon["url"] for icon in options["footer_icons"]] == [PAGE]
    assert (options["source_repository"], options["source_branch"], options["source_directory"]) == (PAGE, "main", "")


def test_the_branch_is_the_one_that_the_remote_shows(clone: Path) -> None:
    subprocess.run(
        ["git", "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk"], cwd=clone, check=True
    )
    assert REPOSITORY.branch(clone) == "trunk"


def test_the_variable_comes_first_and_has_to_be_an_address(clone: Path) -> None:
    other = "https://code.example.org/someone/coupling"
    assert REPOSITORY.address(clone, {"COUPLING_REPOSITORY": other}) == other
    assert set(REPOSITORY.theme_options(other, "main")) == {"footer_icons"}  # the theme cannot edit there
    with pytest.raises(ValueError, match=r"COUPLING_REPOSITORY must be the address .* got '\.\./coupling'"):
        REPOSITORY.address(clone, {"COUPLING_REPOSITORY": "../coupling"})


def test_without_an_address_there_is_no_link(tmp_path: Path) -> None:
    """No remote, a remote that is a folder, no repository at all, or that of another project around the folder."""
    assert REPOSITORY.address(tmp_path, {"GIT_DIR": "nowhere"}) is None
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    assert REPOSITORY.address(tmp_path, {}) is None
    subprocess.run(["git", "remote", "add", "origin", str(tmp_path)], cwd=tmp_path, check=True)
    assert REPOSITORY.address(tmp_path, {}) is None and REPOSITORY.theme_options(None, "main") == {}


def test_the_repository_around_another_one_is_not_meant(clone: Path) -> None:
    (clone / "sources" / "coupling").mkdir(parents=True)
    assert REPOSITORY.address(clone / "sources" / "coupling", {}) is None


def test_the_site_takes_them() -> None:
    configured = (ROOT / "docs" / "conf.py").read_text(encoding="utf-8")
    assert "**repository.theme_options(repository.address(), repository.branch())" in configured


def test_one_address_or_none_is_stated() -> None:
    """That of pyproject and of CITATION.cff."""
    urls = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"].get("urls", {})
    stated = {urls[name] for name in urls if name.lower() in ("repository", "source")}
    stated |= set(re.findall(r'^repository-code: "?([^"\s]+)', (ROOT / "CITATION.cff").read_text("utf-8"), re.M))
    assert len(stated) <= 1 and all(REPOSITORY.web_address(page) == page for page in stated)
