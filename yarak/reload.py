"""SIGHUP: a new configuration and new rules are prepared beside the running ones."""

from __future__ import annotations

import threading
from collections.abc import Callable

from yarak.errors import YarakError
from yarak.preparation import Prepared


class Reload:
    """Prepares in a thread of its own, so that alerts flow meanwhile."""

    def __init__(self, prepare: Callable[[], Prepared]) -> None:
        self._prepare = prepare
        self._prepared: Prepared | None = None
        self._error: YarakError | None = None
        self._thread = threading.Thread(target=self._run, name="reload", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._prepared = self._prepare()
        except YarakError as error:
            self._error = error
        except Exception as error:  # a reload must never end the watch, whatever is wrong with the files
            self._error = YarakError(f"{type(error).__name__}: {error}")

    @property
    def done(self) -> bool:
        """Whether `result` returns at once."""
        return not self._thread.is_alive()

    def result(self) -> Prepared:
        """What was prepared.

        Raises: YarakError when something was wrong with it.
        """
        self._thread.join()
        if self._error is not None:
            raise self._error
        assert self._prepared is not None, "a preparation ends with a result or an error"
        return self._prepared
