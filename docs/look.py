"""Look at the site in a real browser: `make look`, with chromium installed.

Every page is opened in headless Chromium at the width of a desk and of a phone.  A page fails when the browser's
console has an error (a missing file is one), when a formula was not typeset or not understood, or when something
reaches beyond the window.  Screenshots are left in build/docs/screenshots for a person to look at.

    python docs/look.py                     the main pages
    python docs/look.py docs/start.html     these
    python docs/look.py --all               every page, without screenshots
"""

from __future__ import annotations

import argparse
import functools
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

ROOT = Path(__file__).resolve().parent.parent
SITE = ROOT / "build" / "docs" / "html"
SHOTS = ROOT / "build" / "docs" / "screenshots"
WIDTHS = {"desktop": 1280, "phone": 390}
HEIGHT = 2200

MAIN = (
    "docs/index.html",
    "explorer/index.html",
    "docs/gallery.html",
    "docs/coming_from_sympy.html",
    "docs/start.html",
    "docs/howto/generate.html",
    "docs/glossary.html",
    "docs/theory/README.html",
    "docs/theory/antisymmetric_gaunt.html",
    "docs/reference/conventions.html",
    "docs/reference/command.html",
    "docs/reference/bibliography.html",
    "docs/reference/api/coupling.html",
    "docs/reference/api/products.html",
    "docs/reference/api/sphere.html",
    "docs/benchmarks/tables.html",
    "docs/decisions/README.html",
    "notebooks/01-coefficient.html",
    "notebooks/03-bracket.html",
    "notebooks/07-rank.html",
    "README.html",
)

FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --hide-scrollbars --enable-logging=stderr --virtual-time-budget=20000"
).split()

# A window narrower than the least one of the browser: the page in a frame of that width, which reports on it.
FRAME = """<!doctype html><title>frame</title><body style="margin:0">
<iframe id="f" src="/{page}" style="border:0;width:{width}px;height:{height}px"></iframe>
<script>
const f = document.getElementById("f");
f.onload = () => setTimeout(() => {{
  const d = f.contentDocument, count = q => d.querySelectorAll(q).length;
  const rolls = e => /auto|scroll/.test(getComputedStyle(e).overflowX);
  const scrolls = e => e && !e.matches(".content") && (rolls(e) || scrolls(e.parentElement));
  const cut = e => e.getBoundingClientRect().right > {width} + 1 && !scrolls(e) && e.offsetParent !== null;
  const broken = [...d.images].filter(i => !i.complete || !i.naturalWidth).length;
  document.title = `REPORT math=${{count(".math")}} typeset=${{count("mjx-container")}} ` +
    `errors=${{count("[data-mml-node=merror]")}} images=${{d.images.length}} broken=${{broken}} ` +
    `cut=${{[...d.querySelectorAll("mjx-container, img, table, pre, h1, h2, h3")].filter(cut).length}} ` +
    `overflow=${{d.documentElement.scrollWidth - d.documentElement.clientWidth}}`;
}}, 4000);
</script></body>"""


class Handler(SimpleHTTPRequestHandler):
    """Serves the site, and pages in frames under /frame/<width>/<page>; remembers what was not there."""

    missing: ClassVar[list[str]] = []

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        self.missing.append(f"{self.path}: {code} {message}")
        super().send_error(code, message, explain)

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        match = re.match(r"/frame/(\d+)/(.+)", self.path)
        if not match:
            if self.path == "/favicon.ico":  # browsers ask for it unbidden
                self.send_response(204)
                self.end_headers()
                return
            super().do_GET()
            return
        text = FRAME.format(page=match[2], width=match[1], height=HEIGHT).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def find_browser() -> str | None:
    """Return the Chromium of this machine."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((found for name in names if (found := shutil.which(name))), None)


def browse(browser: str, address: str, *options: str) -> tuple[str, str]:
    """Return what Chromium prints, and what it logs."""
    with tempfile.TemporaryDirectory() as profile:
        command = [browser, *FLAGS, f"--user-data-dir={profile}", *options, address]
        done = subprocess.run(command, capture_output=True, text=True, timeout=180)
    return done.stdout, done.stderr


def problems(browser: str, base: str, page: str, width: int) -> list[str]:
    """Return what is wrong with a page at a width."""
    Handler.missing.clear()
    window = f"--window-size={max(width, 600)},{HEIGHT}"
    dom, log = browse(browser, f"{base}/frame/{width}/{page}", "--dump-dom", window)
    found = [*Handler.missing, *(line for line in log.splitlines() if ":CONSOLE" in line)]
    report = dict(re.findall(r"(\w+)=(-?\d+)", next(iter(re.findall(r"<title>REPORT (.*?)</title>", dom)), "")))
    if not report:
        return [*found, "the page did not load"]
    number = {name: int(value) for name, value in report.items()}
    if number["typeset"] < number["math"] or number["errors"]:
        found.append(f"{number['typeset']} of {number['math']} formulas typeset, {number['errors']} not understood")
    if number["broken"]:
        found.append(f"{number['broken']} of {number['images']} pictures do not load")
    if number["overflow"] > 0:
        found.append(f"{number['overflow']} pixels wider than the window")
    if number["cut"]:
        found.append(f"{number['cut']} formulas, pictures or tables reach beyond the window")
    return found


def shoot(browser: str, base: str, page: str, name: str, width: int) -> None:
    file = SHOTS / f"{page.removesuffix('.html').replace('/', '-')}-{name}.png"
    browse(browser, f"{base}/frame/{width}/{page}", f"--screenshot={file}", f"--window-size={width},{HEIGHT}")


def look(pages: list[str], shots: bool = True) -> int:
    """Print what is wrong with each page; return how many pages have something."""
    browser = find_browser()
    if browser is None:
        raise SystemExit("there is no Chromium on the path; Debian's package is called chromium")
    SHOTS.mkdir(parents=True, exist_ok=True)
    failed = 0
    with serving(SITE) as base:
        for page in pages:
            found = {name: problems(browser, base, page, width) for name, width in WIDTHS.items()}
            for name, width in WIDTHS.items():
                if shots:
                    shoot(browser, base, page, name, width)
                for problem in found[name]:
                    print(f"{page} ({name}): {problem}")
            failed += any(found.values())
            print(f"{page}: {'fails' if any(found.values()) else 'ok'}", flush=True)
    return failed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pages", nargs="*", help="paths below build/docs/html")
    parser.add_argument("--all", action="store_true", help="every page, without screenshots")
    chosen = parser.parse_args()
    everything = sorted(p.relative_to(SITE).as_posix() for p in SITE.rglob("*.html") if "_static" not in p.parts)
    pages = everything if chosen.all else chosen.pages or [page for page in MAIN if (SITE / page).exists()]
    sys.exit(look(pages, shots=not chosen.all) > 0)


if __name__ == "__main__":
    main()
