"""How fast this processor is at each kind of code, relative to the fitted costs: what ``coupling calibrate`` keeps."""

from __future__ import annotations

import json
import platform
from functools import cache
from pathlib import Path
from typing import Any

#: What the file says about itself.
BY = "coupling calibrate"


def calibration_file() -> Path:
    """Return where the ratios of this machine are kept; it need not exist.

    >>> calibration_file().name
    'costs.json'
    """
    from platformdirs import user_cache_path

    return user_cache_path("coupling", appauthor=False) / "costs.json"


@cache
def ratios() -> dict[str, dict[str, float]]:
    """Return the ratios that were measured on this processor, empty where none were.

    >>> all(0 < ratio < 100 for each in ratios().values() for ratio in each.values())
    True
    """
    content = read_ratios(calibration_file())
    if content is None or content["processor"] != processor():
        return {}
    found: dict[str, dict[str, float]] = content["ratios"]
    return found


def read_ratios(file: Path) -> dict[str, Any] | None:
    """Return what a file of ours says, None where it is missing, damaged or not ours.

    >>> read_ratios(Path("no such file")) is None
    True
    """
    try:
        content = json.loads(file.read_bytes()[: 1 << 16])
        whole = content["by"] == BY and isinstance(content["processor"], str)
        numbers = [float(ratio) for each in content["ratios"].values() for ratio in each.values()]
    except (OSError, RecursionError, ValueError, TypeError, KeyError, AttributeError):
        return None
    return content if whole and all(0 < ratio < 100 for ratio in numbers) else None


def processor() -> str:
    """Return the name of the processor, where the system tells.

    >>> processor() == processor() != ""
    True
    """
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            return next(line.split(":")[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
