"""rules-language.md §7: every code of the page is met by some rules file, and none that the page does not have."""

from __future__ import annotations

import re
from pathlib import Path

import listing_fixture
import pytest
from language import RULE, rule

from yarak.rules import CompileOptions, Listing, codes, compile_files

EXTENSIONS = {"LOAD_ERR_EXTENSION", "LOAD_WARNING_EXTENSION"}
"""What a product that extends the loader may report; the loader itself has no extension items."""

EXCEPTION = "[{name: e, fields: [proc.name], values: [[a]]}]"
EXAMPLES = {
    "LOAD_ERR_FILE_READ": None,
    "LOAD_ERR_YAML_PARSE": "- rule: [\n",
    "LOAD_ERR_YAML_VALIDATE": "rule: r\n",
    "LOAD_ERR_COMPILE_CONDITION": rule(condition="evt.type = nosuch"),
    "LOAD_ERR_COMPILE_OUTPUT": rule(output='"%no.such"'),
    "LOAD_ERR_VALIDATE": rule(condition="nosuch"),
    "LOAD_UNKNOWN_SOURCE": rule(source="nosuch"),
    "LOAD_UNSAFE_NA_CHECK": rule(condition="ka.verb = <NA>", source="k8s_audit"),
    "LOAD_NO_EVTTYPE": rule(condition="proc.name = x"),
    "LOAD_UNKNOWN_FILTER": rule(condition="no.such = x", **{"skip-if-unknown-filter": "true"}),
    "LOAD_UNUSED_MACRO": "- {macro: m, condition: proc.name = x}\n",
    "LOAD_UNUSED_LIST": "- {list: l, items: [x]}\n",
    "LOAD_UNKNOWN_ITEM": "- {rules: r}\n",
    "LOAD_DEPRECATED_ITEM": f"{RULE}- {{rule: r, enabled: false}}\n",
    "LOAD_APPEND_NO_VALUES": f"{rule(exceptions=EXCEPTION)}- {{rule: r, exceptions: [{{name: e}}], append: true}}\n",
    "LOAD_EXCEPTION_NAME_NOT_UNIQUE": rule(exceptions=f"{EXCEPTION[:-1]}, {EXCEPTION[1:]}"),
    "LOAD_INVALID_MACRO_NAME": "- {macro: m-n, condition: proc.name = x}\n",
    "LOAD_INVALID_LIST_NAME": "- {list: 'l m', items: [x]}\n",
    "LOAD_COMPILE_CONDITION": rule(condition="evt.type = open and proc.name = proc.pname"),
    "LOAD_UNKNOWN_KEY": rule(nosuch="x"),
}


def of_the_page() -> set[str]:
    section = (
        (listing_fixture.shared() / "spec" / "rules-language.md").read_text().split("\n## 7 ")[1].split("\n## ")[0]
    )
    table = "\n".join(line.rpartition("|")[0] for line in section.splitlines() if line.startswith("| `LOAD_"))
    return set(re.findall(r"`(LOAD_[A-Z_]+)`", table))


def test_the_page_and_the_catalogue_name_the_same_codes() -> None:
    assert of_the_page() == {*codes.ERRORS, *codes.WARNINGS}


def test_every_code_has_an_example() -> None:
    assert of_the_page() == {*EXAMPLES, *EXTENSIONS}


@pytest.mark.parametrize("code", EXAMPLES)
def test_it_is_met(code: str, tmp_path: Path) -> None:
    path, text = tmp_path / "rules.yaml", EXAMPLES[code]
    if text is not None:
        path.write_text(text)
    listing = Listing.from_json(**listing_fixture.document("container", "k8saudit", "json"))
    options = CompileOptions(sources=["syscall", "k8s_audit"], plugins={"k8saudit": "0.16.1", "json": "0.7.3"})
    (result,) = compile_files([path], options, listing).results
    assert code in {found.code for found in result.diagnostics}
    assert result.successful is (code in codes.WARNINGS)
