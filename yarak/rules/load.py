"""Reading a rules file into YAML nodes, which carry the line and column of every item, key and value.

Nodes are composed, not constructed: scalars stay text, so ``items: [0755, yes]`` keeps what was typed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from . import yaml_error
from .diagnostics import Diagnostic, LoadError
from .position import Context, Location, Position
from .source import SourceFile

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_OLD_BREAKS: Final = "\x85\u2028\u2029"
_PRIVATE_USE: Final = 0x100000
_NULL_TEXTS: Final = frozenset({"", "~", "null", "Null", "NULL"})


def root(file: SourceFile) -> Context:
    """The context of a whole file."""
    return Context((Location("rules content", "", Position(file.name)),))


def read_file(path: Path | SourceFile) -> SourceFile:
    """The text of a rules file, which may have been read already. Raises LoadError with LOAD_ERR_FILE_READ."""
    if isinstance(path, SourceFile):
        return path
    try:
        return SourceFile(str(path), path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else f"not UTF-8 text: {error.reason}"
        context = root(SourceFile(str(path), ""))
        raise LoadError(Diagnostic("LOAD_ERR_FILE_READ", f"{path}: {reason}", context)) from None


def is_null(node: Node) -> bool:
    """Whether a node is YAML's null."""
    return isinstance(node, ScalarNode) and not node.style and node.value in _NULL_TEXTS


def _refuse(diagnostic: Diagnostic) -> None:
    raise LoadError(diagnostic)


def items(
    file: SourceFile, inspect: Callable[[Node], object], refuse: Callable[[Diagnostic], None] = _refuse
) -> Iterator[MappingNode]:
    """The items of all documents of a file, one after the other.

    ``inspect`` sees each document that holds something; ``refuse`` gets what is no item, and raises it by default:
    LoadError with LOAD_ERR_YAML_VALIDATE where a document is no sequence or an element of it is no mapping. Raises
    LoadError with LOAD_ERR_YAML_PARSE where the text is no YAML.
    """
    for document in _documents(file):
        if is_null(document):
            continue
        inspect(document)
        if not isinstance(document, SequenceNode):
            refuse(_not_a_sequence(file, document))
            continue
        elements = document.value
        elements.reverse()
        while elements:
            # Nodes of a whole file take several times its size: each is let go when its item has been read.
            element = elements.pop()
            if isinstance(element, MappingNode):
                yield element
            elif not is_null(element):
                message = "Unexpected element type. Each element should be a yaml associative array."
                context = root(file).inside("rules content item", "", file.position(element))
                refuse(Diagnostic("LOAD_ERR_YAML_VALIDATE", message, context, file.place_of(element)))


def _not_a_sequence(file: SourceFile, document: Node) -> Diagnostic:
    kind, hint = "Rules content is not yaml array of objects", ""
    if isinstance(document, ScalarNode):
        kind = "Rules content is not yaml"
    elif any(isinstance(value, SequenceNode) for _, value in document.value):
        hint = "the list of items stands at the top of the file, without a key above it"
    return Diagnostic(
        "LOAD_ERR_YAML_VALIDATE", kind, root(file), file.place_of(document),
        "a list of items, each starting with '- rule:', '- macro:' or '- list:'", hint,
    )  # fmt: skip


def _documents(file: SourceFile) -> Iterator[Node]:
    stand_ins = _stand_ins(file.text)
    loader = _LOADER(file.text.translate(stand_ins))
    try:
        while loader.check_node():
            node = loader.get_node()
            if node is not None:
                if stand_ins:
                    _restore(node, {ord(new): chr(old) for old, new in stand_ins.items()})
                yield node
    except yaml.YAMLError as error:
        raise LoadError(yaml_error.diagnostic(file, error)) from None
    finally:
        loader.dispose()


def _stand_ins(text: str) -> dict[int, str]:
    """Characters that the text does not have, for those in it that end a line for our parser (YAML 1.1) alone.

    YAML 1.2, and so the files' other readers and editors, takes them for ordinary ones.
    """
    free = (chr(code) for code in range(_PRIVATE_USE, sys.maxunicode) if chr(code) not in text)
    return {ord(char): next(free) for char in _OLD_BREAKS if char in text}


def _restore(node: Node, originals: dict[int, str]) -> None:
    if isinstance(node, ScalarNode):
        node.value = node.value.translate(originals)
    else:
        for child in node.value:
            for part in child if isinstance(child, tuple) else (child,):
                _restore(part, originals)
