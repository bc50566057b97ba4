"""Every configuration key that has an effect, declared once: name, type, default, bounds, meaning.

The registry (`--config-schema`, unknown-key check, reference page) and the typed settings both come from these
structs. Keys and defaults: config.md; keys marked "Yarak's own" are not known to Falco.

Annotations are types here, not text that would have to be compiled when they are asked for.
"""

from typing import Annotated, Any, Literal

from msgspec import Struct, field

from yarak.config.meta import key


class RuleChoice(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Which rules a selection entry means; both parts apply independently."""

    rule: str | None = None
    tag: str | None = None


class Selection(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """One entry of `rules`, applied in order after all files are loaded."""

    enable: RuleChoice | None = None
    disable: RuleChoice | None = None


class OutputMatch(Struct, omit_defaults=True):
    """Which rules an `append_output` entry is for: all given parts must hold."""

    source: str | None = None
    tags: list[str] | None = None
    rule: str | None = None


class AppendOutput(Struct, omit_defaults=True):
    """What is added to the output of matching rules (rules-language.md §15)."""

    match: OutputMatch | None = None
    extra_output: str | None = None
    extra_fields: list[str | dict[str, str]] | None = None
    suggested_output: bool = False

    def __post_init__(self) -> None:
        """Raises: ValueError for a field that is defined twice."""
        names = [name for entry in self.extra_fields or () for name in ([entry] if isinstance(entry, str) else entry)]
        twice = next((name for number, name in enumerate(names) if name in names[:number]), None)
        if twice is not None:
            raise ValueError(f"extra field '{twice}' is defined twice in one entry")


class ConfigFile(Struct):
    """An entry of `config_files` that names its merge strategy."""

    path: str
    strategy: str = "append"


class Plugin(Struct):
    """An entry of `plugins`."""

    name: str
    library_path: str = ""
    init_config: Any = None
    open_params: str = ""


class ModernEbpf(Struct):
    """`engine.modern_ebpf`"""

    cpus_for_each_buffer: Annotated[int, key("CPUs that share one ring buffer; 0: all share one", ge=0, le=65535)] = 2
    buf_size_preset: Annotated[int, key("Ring buffer size: 1 is 1 MiB, each step doubles", fatal=True, ge=1, le=10)] = 4
    buffers_limit_mb: Annotated[
        int, key("Yarak's own: most MiB of all ring buffers together; 0: no limit", ge=0, le=1 << 20)
    ] = 64


class ReplayEngine(Struct):
    """`engine.replay`"""

    capture_file: Annotated[str, key("The capture file that engine.kind 'replay' takes events from")] = ""


class Engine(Struct):
    """`engine`"""

    kind: Annotated[
        Literal["modern_ebpf", "kmod", "replay", "nodriver"],
        key("How events are had; kmod is answered by modern_ebpf, nodriver is not built yet", fatal=True),
    ] = "modern_ebpf"
    modern_ebpf: ModernEbpf = field(default_factory=ModernEbpf)
    replay: ReplayEngine = field(default_factory=ReplayEngine)


class OutputsQueue(Struct):
    """`outputs_queue`"""

    capacity: Annotated[int, key("Messages that wait in front of each output; 0: 16384", ge=0, le=1 << 30)] = 0


class StdoutOutput(Struct):
    """`stdout_output`"""

    enabled: Annotated[bool, key("Write alerts to standard output")] = False


class SyslogOutput(Struct):
    """`syslog_output`"""

    enabled: Annotated[bool, key("Send alerts to syslog")] = False


class FileOutput(Struct):
    """`file_output`"""

    enabled: Annotated[bool, key("Append alerts to a file")] = False
    filename: Annotated[str, key("The file")] = ""
    keep_alive: Annotated[bool, key("Keep the file open between alerts; SIGUSR1 reopens it")] = False


class SensorSettings(Struct):
    """`sensor`"""

    kernel_filter: Annotated[bool, key("Yarak's own: drop in the kernel what no loaded rule can match")] = True
    snapshots: Annotated[
        Literal["auto", "always"],
        key(
            "Yarak's own: take the names of unlink, rename, link and the like when the call begins too: auto where the "
            "kernel has kprobes; always, at a cost to every call, where it has none"
        ),
    ] = "auto"
    gap_records: Annotated[bool, key("Yarak's own: tell of every loss in the alert stream")] = True


DropAction = Literal["ignore", "log", "alert", "exit"]


class EventDrops(Struct):
    """`syscall_event_drops`"""

    threshold: Annotated[
        float, key("Lost events per seen event in one second above which actions are taken", fatal=True, ge=0, le=1)
    ] = 0.1
    actions: Annotated[list[DropAction], key("What is done about lost events", fatal=True)] = field(
        default_factory=list[DropAction]
    )
    rate: Annotated[float, key("Actions per second in the long run", ge=0)] = 0.03333
    max_burst: Annotated[float, key("Actions in a row", ge=0)] = 1.0
    simulate_drops: Annotated[bool, key("Act as if one event were lost every second")] = False


class EventTimeouts(Struct):
    """`syscall_event_timeouts`"""

    max_consecutives: Annotated[
        int,
        key("Reads of 30 ms without a sign of life of the sensor before it is told of", fatal=True, ge=1, le=1 << 32),
    ] = 1000


class Libs(Struct):
    """`falco_libs`"""

    thread_table_size: Annotated[int, key("Most processes remembered", ge=0, le=1 << 22)] = 131072
    snaplen: Annotated[int, key("Bytes of I/O buffers captured per event; 0: 80", ge=0, le=65535)] = 0


class Capture(Struct):
    """`capture`"""

    enabled: Annotated[bool, key("Write capture files around the alerts of rules that ask for it")] = False
    path_prefix: Annotated[str, key("What the files' names begin with; time and number of the event follow")] = (
        "/tmp/falco"
    )
    mode: Annotated[
        Literal["rules", "all_rules"], key("Rules that ask for it (`capture: true`), or all", fatal=True)
    ] = "rules"
    default_duration: Annotated[int, key("Milliseconds a file goes on where the rule says nothing", ge=0)] = 5000
    max_file_size_mb: Annotated[int, key("MiB after which a file is closed; 0: no limit", ge=0, le=1 << 20)] = 0
    lookback: Annotated[
        int, key("Yarak's own: milliseconds before the alert that a file begins with; 0: none", ge=0, le=3_600_000)
    ] = 0
    lookback_max_mb: Annotated[int, key("Yarak's own: most MiB of memory for these", ge=1, le=1 << 14)] = 64


class BaseSyscalls(Struct):
    """`base_syscalls`"""

    all: Annotated[bool, key("Capture high-volume I/O calls too where a rule names them")] = False


class Paths(Struct):
    """`paths`"""

    match: Annotated[
        Literal["both", "given"],
        key("Yarak's own: rules see the real name of a path too, or the given one alone", fatal=True, fold=True),
    ] = "both"


Priority = Literal["emergency", "alert", "critical", "error", "warning", "notice", "informational", "info", "debug"]
LogLevel = Literal["emergency", "alert", "critical", "error", "warning", "notice", "info", "debug"]


class Settings(Struct):
    """The whole configuration, typed. Missing keys have the defaults given here."""

    config_files: Annotated[list[str | ConfigFile], key("Further files and folders, merged in order")] = field(
        default_factory=list[str | ConfigFile]
    )
    rules_files: Annotated[list[str], key("Rules files and folders, loaded in order")] = field(
        default_factory=list[str]
    )
    rules_file: Annotated[list[str], key("Deprecated name of rules_files")] = field(default_factory=list[str])
    rules: Annotated[list[Selection], key("Rules enabled or disabled by name or tag", fatal=True)] = field(
        default_factory=list[Selection]
    )
    priority: Annotated[Priority, key("Least severe priority that is watched for", fatal=True, fold=True)] = "debug"
    rule_matching: Annotated[
        Literal["first", "all"], key("Alert on the first rule that matches an event, or on all", fatal=True, fold=True)
    ] = "first"
    append_output: Annotated[list[AppendOutput], key("Text and fields added to outputs", fatal=True)] = field(
        default_factory=list[AppendOutput]
    )
    static_fields: Annotated[dict[str, str], key("Constant fields static.KEY")] = field(default_factory=dict[str, str])
    paths: Paths = field(default_factory=Paths)
    engine: Engine = field(default_factory=Engine)
    sensor: SensorSettings = field(default_factory=SensorSettings)
    capture: Capture = field(default_factory=Capture)
    load_plugins: Annotated[list[str] | None, key("Plugins to load; absent: all of `plugins`")] = None
    plugins: Annotated[list[str | Plugin], key("Plugins; container is built in", fatal=True)] = field(
        default_factory=list[str | Plugin]
    )
    time_format_iso_8601: Annotated[bool, key("ISO 8601 times in UTC, in alerts and log lines")] = False
    buffer_format_base64: Annotated[bool, key("Buffers as base64")] = False
    json_output: Annotated[bool, key("Alerts as JSON")] = False
    json_include_output_property: Annotated[bool, key("JSON has `output`")] = True
    json_include_message_property: Annotated[bool, key("JSON has `message`")] = False
    json_include_output_fields_property: Annotated[bool, key("JSON has `output_fields`")] = True
    json_include_tags_property: Annotated[bool, key("JSON has `tags`")] = True
    buffered_outputs: Annotated[bool, key("Let outputs collect messages for up to a second before writing")] = False
    outputs_queue: OutputsQueue = field(default_factory=OutputsQueue)
    output_timeout: Annotated[int, key("Milliseconds an output may take before it is told of", ge=0)] = 2000
    stdout_output: StdoutOutput = field(default_factory=StdoutOutput)
    syslog_output: SyslogOutput = field(default_factory=SyslogOutput)
    file_output: FileOutput = field(default_factory=FileOutput)
    log_stderr: Annotated[bool, key("Log to stderr")] = False
    log_syslog: Annotated[bool, key("Log to syslog")] = True
    log_level: Annotated[LogLevel, key("Least severe log level written", fatal=True)] = "info"
    syscall_event_drops: EventDrops = field(default_factory=EventDrops)
    syscall_event_timeouts: EventTimeouts = field(default_factory=EventTimeouts)
    base_syscalls: BaseSyscalls = field(default_factory=BaseSyscalls)
    falco_libs: Libs = field(default_factory=Libs)
