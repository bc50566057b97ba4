"""The configuration: `load(find(path), options)`."""

from yarak.config.loading import Loaded, find, load
from yarak.config.settings import Settings

__all__ = ["Loaded", "Settings", "find", "load"]
