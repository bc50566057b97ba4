"""A few random edits of an input: deletions, insertions of words or numbers, repetitions, pieces of other inputs."""

from __future__ import annotations

import struct
from random import Random
from typing import Final

import inputs

_EDITS: Final = (1, 1, 2, 3, 5, 8)
_LENGTHS: Final = (0, 1, 1, 3, 10, 40)
_LONGEST_TEXT: Final = 20_000
_LONGEST_PIECE: Final = 256
_SURROGATES: Final = 0xD800
_ODD: Final = (0, 1, 2, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x1_0000, 0x7FFF_FFFF, 0xFFFF_FFFF)


def text(given: bytes, others: list[bytes], chance: Random) -> bytes:
    """Edits that leave UTF-8 be."""
    found = given.decode()
    for _ in range(chance.choice(_EDITS)):
        at = chance.randint(0, len(found))
        end = min(len(found), at + chance.choice(_LENGTHS))
        match chance.randrange(5):
            case 0:
                found = found[:at] + found[end:]
            case 1:
                found = found[:at] + chance.choice(inputs.WORDS) + found[end:]
            case 2:
                found = found[:end] + found[at:end] * chance.choice((1, 2, 10)) + found[end:]
            case 3:
                other = chance.choice(others).decode()
                start = chance.randint(0, len(other))
                found = found[:at] + other[start : start + chance.randint(1, 60)] + found[end:]
            case 4:
                code = chance.choice((chance.randrange(128), chance.randrange(_SURROGATES)))
                found = found[:at] + chr(code) + found[end:]
    return found[:_LONGEST_TEXT].encode()


def binary(given: bytes, others: list[bytes], chance: Random) -> bytes:
    """Edits that leave most lengths and offsets be, and put odd numbers in their places."""
    found = bytearray(given)
    for _ in range(chance.choice(_EDITS)):
        at = chance.randint(0, len(found))
        end = min(len(found), at + chance.choice(_LENGTHS))
        match chance.randrange(6):
            case 0:
                found[at:end] = chance.randbytes(end - at)
            case 1:
                number = struct.pack("<I", chance.choice(_ODD))[: chance.choice((1, 2, 4))]
                found[at : at + len(number)] = number
            case 2:
                del found[at:end]
            case 3:
                other = chance.choice(others)
                start = chance.randint(0, len(other))
                found[at:at] = other[start : start + chance.randrange(_LONGEST_PIECE)]
            case 4:
                del found[at:]
            case 5 if at < len(found):
                found[at] ^= 1 << chance.randrange(8)
    return bytes(found)
