"""`-t`, `-T` and `-D`, flags that Falco had before the `rules` key: each is entries of that key."""

from __future__ import annotations

from yarak.config.settings import RuleChoice, Selection
from yarak.errors import ConfigError
from yarak.flags import Flags

DEPRECATED = "-t, -T and -D are deprecated: use rules in the configuration"


def entries(flags: Flags) -> list[Selection]:
    """What to append to `rules`; the command line has the last word.

    `-t` leaves the rules with one of its tags alone, `-T` takes out those with one, `-D` those whose name holds a text.

    Raises: ConfigError where `-t` stands beside another of them.
    """
    if flags.tags and (flags.disabled_tags or flags.disabled_names):
        raise ConfigError("You can not specify both disabled (-D/-T) and enabled (-t) rules")
    if flags.tags:
        none = Selection(disable=RuleChoice(rule="*"))
        return [none, *(Selection(enable=RuleChoice(tag=tag)) for tag in flags.tags)]
    return [
        *(Selection(disable=RuleChoice(rule=f"*{text}*")) for text in flags.disabled_names),
        *(Selection(disable=RuleChoice(tag=tag)) for tag in flags.disabled_tags),
    ]
