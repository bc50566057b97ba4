"""`yarak record`: everything into a capture file."""

from __future__ import annotations

import click

from yarak import units
from yarak.log import Log, write_stderr
from yarak.record import Order, Rotation
from yarak.record import record as run_recording


class Seconds(click.ParamType[float]):
    """A time with a unit."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if not isinstance(value, str):
            return float(value)  # type: ignore[arg-type]
        try:
            return units.seconds(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class RotationType(click.ParamType[Rotation]):
    """SIZE or TIME, and how many files stay."""

    name = "rotation"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Rotation:
        if isinstance(value, Rotation):
            return value
        text, comma, keep = str(value).partition(",")
        try:
            kept = _files(keep) if comma else 0
            if (text and text[-1] in "sdh") or text.endswith("m"):
                return _not_empty(Rotation(seconds=units.seconds(text), keep=kept))
            return _not_empty(Rotation(bytes=units.size(text), keep=kept))
        except ValueError as error:
            self.fail(str(error), param, ctx)


def _files(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise ValueError(f"'{text}' is no number of files to keep")
    return int(text)


def _not_empty(rotation: Rotation) -> Rotation:
    if not rotation.bytes and not rotation.seconds:
        raise ValueError("a file that is full at once is none")
    return rotation


@click.command("record")
@click.argument("path", metavar="OUT.scap[.gz]")
@click.option(
    "-f",
    "--filter",
    "condition",
    metavar="CONDITION",
    help="Record only events of this condition, and what readers need to follow processes and descriptors.",
)
@click.option(
    "-d",
    "--duration",
    "seconds",
    type=Seconds(),
    default=0.0,
    metavar="TIME",
    help="Stop after this time (30s, 5m). [until Ctrl-C]",
)
@click.option(
    "--rotate",
    "rotation",
    type=RotationType(),
    default=Rotation(),
    metavar="SIZE|TIME[,KEEP]",
    help="Begin a new file after this size (100MB) or time (10m); keep so many. Each file can be read by itself.",
)
@click.option(
    "--compat",
    is_flag=True,
    help="Write what readers of 2022 know (sysdig 0.29, Falco 0.33): enter and exit events, fewer parameters.",
)
@click.option("-z", "--compress", is_flag=True, help="Compress, whatever the name ends in.")
@click.option(
    "-s",
    "--snaplen",
    type=click.IntRange(1, 4095),
    metavar="BYTES",
    help="Bytes kept of what is read and written. [falco_libs.snaplen, else 80]",
)
@click.option(
    "-c",
    "config",
    metavar="PATH",
    help="Configuration file: sizes of buffers and tables. [/etc/yarak/yarak.yaml, else the packaged one]",
)
@click.option("-q", "--quiet", is_flag=True, help="Say nothing unless something goes wrong.")
@click.pass_obj
def record(
    log: Log,
    path: str,
    condition: str | None,
    seconds: float,
    rotation: Rotation,
    compat: bool,
    compress: bool,
    snaplen: int | None,
    config: str | None,
    quiet: bool,
) -> int:
    """Record this host's system calls in a capture file.

    The file opens in Falco, sysdig and Stratoshark, and with `yarak replay`. A name in .gz is compressed, `-` is
    standard output. The last line says how much was recorded and how much was lost.

    \b
    Examples:
      yarak record trace.scap.gz --duration 30s
      yarak record -f 'proc.name = nginx' nginx.scap
      yarak record --rotate 100MB,10 /var/log/trace.scap.gz
      yarak record --compat old.scap && sysdig -r old.scap
    """
    from yarak.flags import Flags
    from yarak.preparation import read_configuration

    settings = read_configuration(Flags(config=config)).settings
    order = Order(path, condition, seconds, rotation, compat, compress, snaplen or 0)

    def say(line: str) -> None:
        if not quiet:
            write_stderr(f"{line}\n")

    summary = run_recording(order, settings, say)
    if summary.lost or not quiet:
        write_stderr(f"{summary.line()}\n")
    return 0
