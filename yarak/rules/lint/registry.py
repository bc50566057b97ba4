"""All lints. Codes, titles, documentation, ``--select`` and tests come from here."""

from __future__ import annotations

from typing import Final

from .lint import Lint
from .lints import (
    absent_field,
    always_true,
    cut_field,
    dead_part,
    deprecated,
    ignored_text,
    name_alone,
    never_fires,
    no_fields,
    regex,
    shadowed,
    unexpanded_list,
    unknown_value,
    unusable_macro,
    wide_exception,
    wrong_shape,
)

LINTS: Final[tuple[Lint, ...]] = (
    never_fires.LINT,
    always_true.LINT,
    shadowed.LINT,
    wide_exception.LINT,
    dead_part.LINT,
    unusable_macro.LINT,
    ignored_text.LINT,
    wrong_shape.LINT,
    unknown_value.LINT,
    regex.LINT,
    unexpanded_list.LINT,
    name_alone.LINT,
    absent_field.LINT,
    no_fields.LINT,
    cut_field.LINT,
    deprecated.LINT,
)
"""In the order of their codes: YK1 logic, YK2 values, YK3 trust, YK4 events and outputs, YK5 age."""

BY_CODE: Final = {lint.code: lint for lint in LINTS}
