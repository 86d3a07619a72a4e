"""How Sphinx makes the site: `make docs`.

The source folder is the root of the repository, so that a link between two Markdown files means the same here, in an
editor and on a code host.  What belongs to the site is listed in `include_patterns`.
"""

from __future__ import annotations

import sys
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "docs" / "_ext")]

import repository  # noqa: E402

from coupling import __version__  # noqa: E402

project = "coupling"
author = "The coupling authors"
copyright = author
version = release = __version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "sphinxcontrib.bibtex",
    # in _ext
    "command_help",
    "folder_contents",
    "inner_modules",
    "plain_docstrings",
    "typeset_conventions",
    "typeset_formulas",
]

root_doc = "docs/index"
include_patterns = [
    "*.md",
    "docs/**",
    "notebooks/*.md",
    "benchmarks/README.md",
    "derivations/README.md",
    "tables/README.md",
    "tests/README.md",
]
exclude_patterns = [".*", ".venv*", "build", "docs/README.md", "docs/_*", "docs/examples"]
suppress_warnings = ["toc.empty_glob"]  # a folder whose pages are still to come
nitpicky = True
nitpick_ignore_regex = [("py:.*", r"(?!coupling\.).*")]  # other programs' names; there is no inventory of them offline

# -- Markdown and notebooks ---------------------------------------------------------------------

myst_enable_extensions = ["amsmath", "attrs_inline", "colon_fence", "deflist", "dollarmath", "substitution"]
myst_heading_anchors = 4
myst_links_external_new_tab = False

nb_execution_mode = "cache"
nb_execution_cache_path = str(ROOT / "build" / "docs" / "executed")
nb_execution_raise_on_error = True
nb_execution_in_temp = True
nb_execution_timeout = 240
nb_execution_show_tb = True
nb_merge_streams = True
# Notebooks that need torch, which is not installed here: see docs/_ext/executed_copies.py.
SYSTEMS = sorted(page.stem for page in (ROOT / "notebooks").glob("1[2-8]-*.md"))
nb_execution_excludepatterns = [f"*{name}*" for name in SYSTEMS]
nb_custom_formats = {
    f"notebooks/{name}.md": ["executed_copies.read", {"copy": str(ROOT / "build" / "systems" / f"{name}.ipynb")}]
    for name in SYSTEMS
}

# -- Python -------------------------------------------------------------------------------------

# Described without being installed.
autodoc_mock_imports = [name for name in ("ase", "cupy", "jax", "torch", "triton") if find_spec(name) is None]
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_typehints = "signature"
add_module_names = False
python_maximum_signature_line_length = 88
toc_object_entries_show_parents = "hide"

# -- bibliography -------------------------------------------------------------------------------

bibtex_bibfiles = ["references.bib"]
bibtex_default_style = "plain"
bibtex_reference_style = "author_year"

# -- the pages ----------------------------------------------------------------------------------

html_theme = "furo"
html_title = f"coupling {release}"
html_static_path = ["_static"]
html_extra_path = ["_root"]  # copied to the root of the site: its first page, and the explorer
html_css_files = ["site.css"]
html_js_files = ["wide.js"]
html_show_sphinx = False
html_copy_source = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#0072B2", "color-brand-content": "#0072B2"},
    "dark_css_variables": {"color-brand-primary": "#56B4E9", "color-brand-content": "#56B4E9"},
    **repository.theme_options(repository.address(), repository.branch()),
}
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

# Formulas without a network: one file of MathJax 3.2.2, out of a package that the lock names with its hash.
mathjax_path = "tex-svg.js"
mathjax3_config = {"svg": {"fontCache": "global"}, "tex": {"tags": "ams"}}


def _mathjax() -> str:
    """The folder of the page's formulas: only the file that is used goes into the site."""
    target = ROOT / "build" / "docs" / "mathjax" / mathjax_path
    if not target.exists():
        files = metadata.files("sphinx-mathjax-offline") or []
        (source,) = (file for file in files if file.name == mathjax_path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.read_binary())
    return str(target.parent)


html_static_path.append(_mathjax())
