"""Which plugins a configuration asks for, and which of them are built in (config.md, Plugins)."""

from __future__ import annotations

from yarak.config.settings import Plugin, Settings
from yarak.errors import ConfigError
from yarak.versions import BUILT_IN_PLUGINS


def missing(settings: Settings) -> list[str]:
    """Names of plugins that are to be loaded and cannot be yet.

    Raises: ConfigError when `load_plugins` names a plugin that is neither configured nor built in.
    """
    configured = [entry.name if isinstance(entry, Plugin) else entry for entry in settings.plugins]
    wanted = configured if settings.load_plugins is None else settings.load_plugins
    for name in wanted:
        if name not in configured and name not in BUILT_IN_PLUGINS:
            raise ConfigError(f"load_plugins names the plugin '{name}', which is not configured under plugins")
    return [name for name in wanted if name not in BUILT_IN_PLUGINS]
