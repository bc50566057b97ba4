"""Capture files around alerts: what is said about them at start and while they are written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from yarak.config.settings import Capture
from yarak.log import Log
from yarak.outputs import internal


def cost_lines(capture: Capture) -> list[str]:
    """What to say at start of the price; nothing where no file is ever written."""
    if not capture.enabled:
        return []
    whose = "every rule" if capture.mode == "all_rules" else "rules with capture: true"
    lines = [f"Alerts of {whose} are recorded in {capture.path_prefix}_*.scap"]
    follows = "the kernel filter is off, and every call that makes or ends a process or descriptor is looked at"
    if capture.lookback:
        lines.append(
            f"capture.lookback is {capture.lookback} ms: {follows} all the time, and up to "
            f"{capture.lookback_max_mb} MiB of memory hold what happened last"
        )
    else:
        lines.append(f"While a file is open {follows}")
    return lines


def tell(notices: Iterable[Mapping[str, str | int]], log: Log, send: Callable[[internal.Internal], None]) -> None:
    """Log what became of files; a file that grew too large is an internal message as well."""
    for notice in notices:
        match notice["kind"]:
            case "written":
                log.info(f"Capture file {notice['path']}: {notice['events']} events, {notice['bytes']} bytes")
            case "size_limit":
                send(internal.capture_size(int(notice["limit_mb"]), int(notice["bytes"])))
            case _:
                log.error(f"Capture file {notice['path']} cannot be written: {notice['error']}")
