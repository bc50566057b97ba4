"""The per-event core: what crosses between Python and Rust. Checked against the built module by a test."""

from typing import Literal, TypedDict, final

class _Field(TypedDict):
    name: str
    type: str
    arg: Literal["none", "index", "key", "index_or_key", "dotted"]
    arg_required: bool
    is_list: bool
    flags: list[str]
    display: str
    desc: str
    sources: list[str]
    is_path: bool

# `class` is no Python name, so the functional form adds it.
_FieldClass = TypedDict("_FieldClass", {"class": str})

class FieldInfo(_Field, _FieldClass): ...

class ParamInfo(TypedDict):
    name: str
    type: str
    format: str
    flags: list[str]

class EventInfo(TypedDict):
    id: int
    name: str
    category: str
    flags: list[str]
    kind: Literal["syscall", "tracepoint", "plugin", "meta"]
    syscalls: list[str]
    params: list[ParamInfo]
    program: str

class SyscallInfo(TypedDict):
    code: int
    name: str
    native: int | None
    event: int
    ignored: bool

class ErrorInfo(TypedDict):
    code: str
    text: str
    hint: str

class Started(TypedDict):
    rings: int
    ring_bytes: int
    cpus: int
    processes: int
    kernel: str
    late_strings: list[str]

class Gap(TypedDict):
    """What was lost between two moments, ns since the epoch."""

    since_ns: int
    until_ns: int
    events: dict[str, int]
    """Lost events by type; `unknown` where that cannot be told."""
    alerts: dict[str, int]
    """Finished alerts that found no room, by rule."""
    blind: list[str]
    """Rules that look at events of the lost types."""

class CoreError(Exception):
    """Every error of the core: `code` is one of `errors()`."""

    code: str
    message: str
    hint: str

def fields() -> list[FieldInfo]:
    """Every field that rules and outputs can name."""

def events() -> list[EventInfo]:
    """Every current event, in order of id."""

def syscalls() -> list[SyscallInfo]:
    """Every system call, in order of code."""

def errors() -> list[ErrorInfo]:
    """The catalogue of errors."""

def check_plan(plan: bytes) -> None:
    """Compile a plan and drop it. Raises: CoreError."""

def regex_problem(pattern: str) -> str | None:
    """What is wrong with a regular expression; None if it can be compiled."""

def preflight() -> None:
    """Raises: CoreError naming the capability, BTF or kernel version that lacks."""

def prepare(settings: bytes) -> None:
    """Begin to load the sensor in the background; the next `Sensor` takes it over. Raises: CoreError."""

@final
class Alert:
    """A finished alert; `text` and `json` are complete lines without a line feed."""

    @property
    def priority(self) -> int: ...
    @property
    def rule(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def time_ns(self) -> int: ...
    @property
    def tags(self) -> list[str]: ...
    @property
    def text(self) -> str: ...
    @property
    def json(self) -> str: ...

@final
class Sensor:
    """The live pipeline: sensor, state, rules."""

    def __new__(cls, plan: bytes, settings: bytes) -> Sensor:
        """Both are JSON documents. Raises: CoreError."""

    def start(self) -> Started:
        """Load, scan, attach. Raises: CoreError."""

    def swap(self, plan: bytes, settings: bytes) -> None:
        """New rules without detaching. Raises: CoreError; the old rules then stay."""

    def wait(self, timeout: float) -> list[Alert]:
        """Alerts since the last call; none after `timeout` seconds. Raises: CoreError when the core died."""

    def profile(self) -> str | None:
        """What evaluation has cost up to about now as JSON, where the plan's settings have ``profile``."""

    def counters(self) -> dict[str, int]:
        """Running totals by name."""

    def take_gap(self) -> Gap | None:
        """What was lost since the last call, if anything was."""

    def notices(self) -> list[dict[str, str | int]]:
        """What capture files had to say since the last call: `kind` is written, size_limit or failed."""

    def stop(self) -> None:
        """Detach and end."""

@final
class Replay:
    """Capture files on their way through rules."""

    def __new__(
        cls, settings: bytes, plan: bytes | None = None, condition: bytes | None = None, printer: bytes | None = None
    ) -> Replay:
        """All are JSON documents. Events that the only rule of ``condition`` does not match are shown to no one; the
        output of ``printer``'s only rule is made for every other event. Raises: CoreError.
        """

    def wait(self, timeout: float) -> list[Alert]:
        """Go on for at most ``timeout`` seconds, or until there is a batch; without the interpreter's lock.

        Printed events come as alerts whose ``text`` or ``json`` is the output alone. Raises: CoreError, with the
        offset, for a file that is damaged.
        """

    @property
    def ended(self) -> bool: ...
    def profile(self) -> str | None:
        """What evaluation has cost so far as JSON, where the plan's settings have ``profile``."""

    def counters(self) -> dict[str, int]:
        """Running totals by name: events, alerts, bytes read and to read, times of the first and last event."""

@final
class Examination:
    """One event of a capture, held still and asked about as the last one of a Trial."""

    def __new__(cls, plan: bytes, settings: bytes, num: int) -> Examination:
        """Settings are those of a Replay; goes to event number ``num``. Raises: CoreError."""

    @staticmethod
    def find(plan: bytes, settings: bytes) -> int | None:
        """The number of the first event that the plan's first rule matches, else of the first of those that most of
        its rules match. Raises: CoreError.
        """

    @property
    def reached(self) -> bool:
        """Whether the capture has the event."""

    def holding(self, choice: int) -> list[str]: ...
    def differing(self) -> int: ...
    def values(self, accessors: bytes, choice: int) -> str: ...

@final
class Trial:
    """Rules tried on made-up events, without kernel or root.

    Process 1 is there from the start. docs/rules.md describes what a process and an event can say.
    """

    def __new__(cls, plan: bytes, settings: bytes) -> Trial:
        """Both are JSON documents; settings: hostname, format, passwd, group. Raises: CoreError."""

    def process(self, document: bytes) -> int:
        """Add a process, as if it had been there before; its pid. Raises: CoreError."""

    def profile(self) -> str | None:
        """What evaluation has cost so far as JSON, where the plan's settings have ``profile``."""

    def feed(self, document: bytes) -> list[Alert]:
        """Let an event happen. Raises: CoreError for an event, parameter or flag that is none."""

    def holding(self, choice: int) -> list[str]:
        """Names of the rules whose conditions hold for the last event, whatever event types they are for.

        Bit i of ``choice``: the event's i-th path is read under its real name. Raises: CoreError without an event.
        """

    def differing(self) -> int:
        """Which of the last event's paths have two names, as bits of a choice. Raises: CoreError."""

    def values(self, accessors: bytes, choice: int) -> str:
        """Values of fields (as written) or accessors (as in plans) for the last event: a JSON list for a JSON list.

        Each is ``{"type", "value", "any"}`` or ``{"absent": why}``; ``any`` tells that a check holds for the value
        if it holds for one of the list. Raises: CoreError.
        """
