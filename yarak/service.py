"""The watch: a flat list of steps to get it going, one loop, one way out."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from yarak import announce, buffers, captures, pidfile, replay, sensor
from yarak.config import Loaded, Settings
from yarak.drops import DropMonitor
from yarak.errors import CaptureError, CoreDiedError, KernelError, YarakError
from yarak.flags import Flags
from yarak.gaps import GapRecorder
from yarak.heartbeat import Heartbeat
from yarak.log import Log, write_stderr
from yarak.outputs import Outputs, internal
from yarak.outputs.message import Message
from yarak.preparation import Preparation, Prepared, hostname
from yarak.reload import Reload
from yarak.sensor import OpenSensor, SensorLike
from yarak.signals import Signals
from yarak.statistics import Statistics, events_line

WAIT_SECONDS = 0.25
"""How long the loop sleeps in the core when nothing happens, and so how late it sees a signal."""


class Service:
    """One run of the watcher."""

    def __init__(
        self,
        flags: Flags,
        log: Log,
        *,
        open_sensor: OpenSensor = sensor.open_core,
        look_at_kernel: Callable[[bytes], None] = sensor.look,
        prepare: Callable[[Flags], Preparation] = Preparation,
    ) -> None:
        self.flags = flags
        self.log = log
        self.signals = Signals()
        self.statistics = Statistics()
        self._open_sensor = open_sensor
        self._look = look_at_kernel
        self._prepare = prepare
        self._preparation: Preparation | None = None
        self._kernel_error: YarakError | None = None
        self._reload: Reload | None = None
        self._loaded = Loaded(Settings())
        self._prepared: Prepared | None = None
        self._outputs: Outputs | None = None
        self._sensor: SensorLike | None = None
        self._drops: DropMonitor | None = None
        self._gaps: GapRecorder | None = None
        self._heartbeat: Heartbeat | None = None
        self._deadline: float | None = None

    def run(self) -> None:
        """Start, watch until told to stop, end cleanly.

        Raises: YarakError for everything that ends the run otherwise; the way out is taken all the same.
        """
        try:
            for name, step in self._steps():
                began = time.monotonic()
                step()
                self.log.debug(f"Start: {name}, {(time.monotonic() - began) * 1000:.0f} ms")
            if not self.flags.dry_run:
                self._watch()
        finally:
            self._end()

    def _steps(self) -> tuple[tuple[str, Callable[[], None]], ...]:
        to_compile: tuple[tuple[str, Callable[[], None]], ...] = (
            ("start the rules compiler", self._start_compiler),
            ("read the configuration", self._read_configuration),
            ("find the rules", self._find_rules),
            ("look at the kernel", self._look_at_kernel),
            ("take the compiled rules", self._take_rules),
        )
        if self.flags.dry_run:
            return (*to_compile, ("say what a dry run leaves out", self._tell_dry_run))
        return (
            *to_compile,
            ("open the outputs", self._open_outputs),
            ("catch signals", self.signals.catch),
            ("write the pid file", self._write_pidfile),
            ("start the sensor", self._start_sensor),
        )

    def _start_compiler(self) -> None:
        self._preparation = self._prepare(self.flags)

    def _read_configuration(self) -> None:
        assert self._preparation is not None
        self._loaded = self._preparation.read()
        self._configure_log()
        announce.version(self.log)
        self.log.debug(f"CLI args: {' '.join(self.flags.command_line)}")
        announce.configuration(self._loaded, self.log)
        announce.system(self.log)
        if self.flags.print_format is not None:
            self.log.warning("-p is deprecated: use append_output in the configuration")

    def _configure_log(self) -> None:
        settings = self._loaded.settings
        self.log.configure(
            level=settings.log_level,
            to_stderr=settings.log_stderr,
            to_syslog=settings.log_syslog,
            iso_8601=settings.time_format_iso_8601,
        )

    def _find_rules(self) -> None:
        assert self._preparation is not None
        self._preparation.begin()

    def _look_at_kernel(self) -> None:
        """The sensor loads while the rules compile; what is wrong here is told after what is wrong with the rules."""
        if self.flags.dry_run or self._replays:
            return
        assert self._preparation is not None
        try:
            self._look(self._preparation.sensor_settings())
        except YarakError as error:
            self._kernel_error = error

    def _take_rules(self) -> None:
        assert self._preparation is not None
        self._prepared = self._preparation.finish()
        announce.rules(self._prepared.files, self._prepared.answer, self.log)
        announce.selections(self._loaded, self.log)
        announce.hostname(self.log)
        if self._kernel_error is not None:
            raise self._kernel_error

    def _tell_dry_run(self) -> None:
        for what in (
            "outputs initialization",
            "signal handlers creation",
            "pidfile creation",
            "starting webserver",
            "event processing",
        ):
            self.log.debug(f"Skipping {what} in dry-run")

    def _open_outputs(self) -> None:
        settings = self._loaded.settings
        self._outputs = Outputs(settings, hostname(), self.log)
        self._drops = self._drop_monitor(settings)
        self._gaps = GapRecorder(self._tell, time.monotonic())

    def _drop_monitor(self, settings: Settings) -> DropMonitor:
        return DropMonitor(settings.syscall_event_drops, self.log, self._tell, time.monotonic())

    def _tell(self, message: internal.Internal) -> None:
        if self._outputs is not None:
            self._outputs.tell(message)

    def _write_pidfile(self) -> None:
        if self.flags.pidfile is not None:
            pidfile.write(self.flags.pidfile)

    @property
    def _replays(self) -> bool:
        return self._loaded.settings.engine.kind == "replay"

    def _start_sensor(self) -> None:
        if self._replays:
            self._start_replay()
        else:
            self._start_live()
        assert self._prepared is not None
        self._prepared.plan = b""  # the core keeps its own form of it
        if self.flags.seconds and not self._replays:
            self._deadline = time.monotonic() + self.flags.seconds

    def _start_replay(self) -> None:
        assert self._prepared is not None
        announce.enabled(self._prepared.answer, self.log)
        self.log.info(f"Replaying events from the capture file: {self._loaded.settings.engine.replay.capture_file}")
        self._sensor = replay.ReplaySensor(self._prepared.plan, self._prepared.sensor_settings)

    def _start_live(self) -> None:
        assert self._prepared is not None
        ebpf = self._loaded.settings.engine.modern_ebpf
        chosen = buffers.size(ebpf.buf_size_preset)
        self.log.info(buffers.dimension_line(chosen))
        announce.enabled(self._prepared.answer, self.log)
        self.log.info("Loaded event sources: syscall")
        self.log.info("Enabled event sources: syscall")
        self.log.debug("Opening event source 'syscall'")
        self.log.info("Opening 'syscall' source with modern BPF probe.")
        self.log.info(f"One ring buffer every '{buffers.cpus_per_ring(ebpf)}' CPUs.")
        try:
            self._sensor = self._open_sensor(self._prepared.plan, self._prepared.sensor_settings)
            started = self._sensor.start()
        except Exception as error:
            raise _core_error(error, KernelError) from None
        limited = buffers.limit_line(chosen, started["rings"], started["ring_bytes"], ebpf.buffers_limit_mb)
        if limited is not None:
            self.log.info(limited)
        if (late := announce.late_strings_line(started["late_strings"])) is not None:
            self.log.info(late)
        for line in [] if self._replays else captures.cost_lines(self._loaded.settings.capture):
            self.log.info(line)
        self.log.debug(f"Watching {started['processes']} processes on kernel {started['kernel']}")
        self._heartbeat = Heartbeat(self._loaded.settings.syscall_event_timeouts, self._tell, time.monotonic())

    def _watch(self) -> None:
        while not self._finished():
            self._take_alerts(WAIT_SECONDS)
            self._tick()
        self._take_alerts(0)  # what was finished before the end belongs to the run

    def _take_alerts(self, timeout: float) -> None:
        assert self._sensor is not None and self._outputs is not None
        try:
            alerts = self._sensor.wait(timeout)
        except Exception as error:
            raise _core_error(error, CaptureError if self._replays else CoreDiedError) from None
        as_json = self._loaded.settings.json_output
        for alert in alerts:
            message = Message(alert.priority, alert.json if as_json else alert.text, alert.rule)
            if self._replays:
                self._outputs.wait_for_room(message)  # nothing need be lost where events can wait
            self._outputs.send(message)
            self.statistics.count(alert.rule, alert.priority)

    def _finished(self) -> bool:
        if self.signals.stop:
            self.log.info("SIGINT received, exiting...")
            return True
        if isinstance(self._sensor, replay.ReplaySensor) and self._sensor.ended:
            return True
        return self._deadline is not None and time.monotonic() >= self._deadline

    def _tick(self) -> None:
        """Everything that is not an alert."""
        assert self._sensor is not None and self._outputs is not None and self._drops is not None
        if self.signals.taken("reopen"):
            self.log.info("SIGUSR1 received, reopening outputs...")
            self._outputs.reopen()
        if self._reload is None and self.signals.taken("reload"):
            self._reload = Reload(self._prepare_reload)
        elif self._reload is not None and self._reload.done:
            reload, self._reload = self._reload, None
            self._take_reload(reload)
        now = time.monotonic()
        captures.tell(self._sensor.notices(), self.log, self._tell)
        gap = self._sensor.take_gap()
        gaps = self._gaps if self._loaded.settings.sensor.gap_records else None
        if gaps is not None:
            gaps.look(gap, now)
        if self._drops.due(now):
            counters = self._sensor.counters()
            self._drops.look(counters, now)
            if gaps is not None:
                gaps.look_at_details(counters, now)
            if self._heartbeat is not None:
                self._heartbeat.look(counters.get("n_evts", 0), now)
            self._outputs.check()

    def _prepare_reload(self) -> Prepared:
        preparation = self._prepare(self.flags)
        try:
            preparation.read()
            preparation.begin()
            return preparation.finish()
        finally:
            preparation.cancel()

    def _take_reload(self, reload: Reload) -> None:
        """Swap, or leave everything as it is and say why."""
        try:
            prepared = reload.result()
            outputs, drops = self._reloaded_outputs(prepared.settings)
            self._swap(prepared, outputs)
        except YarakError as error:
            self.log.error(f"Reload failed, the old rules stay: {error}")
            self._tell(internal.restart_failure(str(error)))
            return
        before, self._outputs = self._outputs, outputs
        if before is not None and before is not outputs:
            before.close()
        self._drops = drops
        self._note_engine_change(prepared.settings)
        if prepared.settings.syscall_event_timeouts != self._loaded.settings.syscall_event_timeouts:
            self._heartbeat = Heartbeat(prepared.settings.syscall_event_timeouts, self._tell, time.monotonic())
        self._loaded, self._prepared = prepared.loaded, prepared
        prepared.plan = b""
        self._configure_log()
        self.log.info("SIGHUP received, restarting...")
        announce.configuration(prepared.loaded, self.log)
        announce.rules(prepared.files, prepared.answer, self.log)
        announce.selections(prepared.loaded, self.log)

    def _reloaded_outputs(self, settings: Settings) -> tuple[Outputs, DropMonitor]:
        assert self._outputs is not None and self._drops is not None
        old = self._loaded.settings
        drops = self._drops
        if settings.syscall_event_drops != old.syscall_event_drops:
            drops = self._drop_monitor(settings)
            drops.follow(self._drops)
        if _output_keys(settings) == _output_keys(old):
            return self._outputs, drops
        return Outputs(settings, hostname(), self.log), drops

    def _swap(self, prepared: Prepared, outputs: Outputs) -> None:
        assert self._sensor is not None
        try:
            self._sensor.swap(prepared.plan, prepared.sensor_settings)
        except Exception as error:
            if outputs is not self._outputs:
                outputs.close()
            raise _core_error(error, YarakError) from None

    def _note_engine_change(self, settings: Settings) -> None:
        old = self._loaded.settings
        if (settings.engine, settings.falco_libs, settings.capture) != (old.engine, old.falco_libs, old.capture):
            self.log.warning("Changes of engine, falco_libs and capture take effect at the next start")

    def _end(self) -> None:
        """Signals, sensor, outputs, figures: in this order, and each even when another fails."""
        self.signals.restore()
        if self._preparation is not None:
            self._preparation.cancel()
        counters = self._stop_sensor()
        if self._outputs is not None:
            self._outputs.close()
        if counters is not None:
            self._print_figures(counters)

    def _stop_sensor(self) -> dict[str, int] | None:
        if self._sensor is None:
            return None
        counters: dict[str, int] = {}
        try:
            self._sensor.stop()
            counters = self._sensor.counters()
            captures.tell(self._sensor.notices(), self.log, self._tell)
            if self._gaps is not None and self._loaded.settings.sensor.gap_records:
                self._gaps.finish(self._sensor.take_gap())
        except Exception as error:  # the figures of a core that died are not worth a second complaint
            self.log.debug(f"No figures from the core: {error}")
        self.log.debug("Stopping capture for event source 'syscall'")
        return counters

    def _print_figures(self, counters: dict[str, int]) -> None:
        try:
            sys.stdout.write(self.statistics.text())
            sys.stdout.flush()
        except OSError as error:
            self.log.error(f"The statistics cannot be written: {error.strerror}")
        if self._drops is not None:
            write_stderr(self._drops.text())
        write_stderr(events_line(counters))
        if self.flags.verbose:
            write_stderr(f"Driver Events:{counters.get('n_evts', 0)}\nDriver Drops:{counters.get('n_drops', 0)}\n")
        if self._outputs is not None and self._outputs.lost:
            write_stderr(f"Messages lost by outputs: {self._outputs.lost}\n")


def _core_error(error: Exception, kind: type[YarakError]) -> YarakError:
    """The core's own error as `kind`; anything else from that side is as final, and says its type."""
    if hasattr(error, "message"):
        return sensor.from_core(error, kind)
    return kind(f"{type(error).__name__}: {error}")


def _output_keys(settings: Settings) -> tuple[object, ...]:
    """The settings that outputs are made from."""
    return (
        settings.stdout_output,
        settings.file_output,
        settings.syslog_output,
        settings.outputs_queue,
        settings.output_timeout,
        settings.buffered_outputs,
        settings.json_output,
    )
