"""A falco.yaml of today, with every key it ships, is read without an error."""

from __future__ import annotations

from pathlib import Path

import pytest

from yarak.errors import ConfigError
from yarak.flags import Flags
from yarak.preparation import read_configuration

FALCO_YAML = """
config_files: [/none/config.d]
watch_config_files: true
rules_files: [/etc/falco/falco_rules.yaml, /etc/falco/falco_rules.local.yaml, /etc/falco/rules.d]
engine:
  kind: modern_ebpf
  kmod: {buf_size_preset: 4, drop_failed_exit: false}
  modern_ebpf: {cpus_for_each_buffer: 2, buf_size_preset: 4, drop_failed_exit: false, disable_iterators: false}
  replay: {capture_file: ""}
capture: {enabled: false, path_prefix: /tmp/falco, mode: rules, default_duration: 5000, max_file_size_mb: 0}
plugins_hostinfo: true
load_plugins: []
plugins:
  - {name: k8saudit, library_path: libk8saudit.so, init_config: "", open_params: "http://:9765/k8s-audit"}
  - {name: json, library_path: libjson.so, init_config: ""}
time_format_iso_8601: false
priority: debug
json_output: false
json_include_output_property: true
json_include_message_property: false
json_include_output_fields_property: true
json_include_tags_property: true
buffer_format_base64: false
buffered_outputs: false
rule_matching: first
outputs_queue: {capacity: 0}
append_output: [{suggested_output: true}]
stdout_output: {enabled: true}
syslog_output: {enabled: true}
file_output: {enabled: false, keep_alive: false, filename: ./events.txt}
http_output:
  enabled: false
  url: ""
  user_agent: falcosecurity/falco
  insecure: false
  ca_cert: ""
  ca_bundle: ""
  ca_path: /etc/ssl/certs
  mtls: false
  client_cert: /etc/ssl/certs/client.crt
  client_key: /etc/ssl/certs/client.key
  echo: false
  compress_uploads: false
  keep_alive: false
  max_consecutive_timeouts: 5
program_output: {enabled: false, keep_alive: false, program: cat}
webserver:
  enabled: true
  threadiness: 0
  listen_port: 8765
  listen_address: 0.0.0.0
  k8s_healthz_endpoint: /healthz
  prometheus_metrics_enabled: false
  ssl_enabled: false
  ssl_certificate: /etc/falco/falco.pem
log_stderr: true
log_syslog: true
log_level: info
libs_logger: {enabled: true, severity: info}
output_timeout: 2000
syscall_event_timeouts: {max_consecutives: 1000}
syscall_event_drops: {threshold: .1, actions: [log, alert], rate: .03333, max_burst: 1, simulate_drops: false}
metrics: {enabled: false, interval: 1h, output_rule: true}
base_syscalls: {all: false, custom_set: [], repair: false}
falco_libs:
  thread_table_size: 262144
  thread_table_auto_purging_interval_s: 300
  thread_table_auto_purging_thread_timeout_s: 300
  snaplen: 80
static_fields: {}
"""


def read(tmp_path: Path, text: str, *options: str) -> tuple[list[str], list[str]]:
    """(warnings, keys not built yet)"""
    path = tmp_path / "falco.yaml"
    path.write_text(text)
    loaded = read_configuration(Flags(config=str(path), options=options))
    return loaded.warnings, loaded.later


def test_no_warning_and_one_notice(tmp_path: Path) -> None:
    warnings, later = read(tmp_path, FALCO_YAML)
    assert warnings == []
    assert "webserver" in later and "engine.kmod" in later
    assert len(later) == len(set(later))


def test_container_plugin_of_the_drop_in_is_built_in(tmp_path: Path) -> None:
    drop_in = tmp_path / "container.yaml"
    drop_in.write_text(
        "load_plugins: [container]\n"
        "plugins: [{name: container, library_path: libcontainer.so, init_config: {label_max_len: 100}}]\n"
    )
    text = FALCO_YAML.replace("/none/config.d", str(drop_in))
    assert read(tmp_path, text)[0] == []


@pytest.mark.parametrize("text", ["plugins: [container]", "load_plugins: [container]"])
def test_container_plugin_by_name_alone(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, text)[0] == []


def test_other_plugins_are_warned_of_and_unknown_ones_refused(tmp_path: Path) -> None:
    warnings, _ = read(tmp_path, FALCO_YAML, "load_plugins[]=json")
    assert warnings == ["The plugin 'json' cannot be loaded yet: its entry is ignored"]
    with pytest.raises(ConfigError, match="nosuch"):
        read(tmp_path, FALCO_YAML, "load_plugins[]=nosuch")


def test_kernel_module_is_answered_by_the_sensor_with_a_word_about_it(tmp_path: Path) -> None:
    warnings, _ = read(tmp_path, FALCO_YAML, "engine.kind=kmod")
    assert len(warnings) == 1 and "kmod" in warnings[0]


def test_old_print_flag_adds_its_text_but_not_its_words(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("")
    assert read_configuration(Flags(config=str(path), print_format="k")).settings.append_output == []
    (entry,) = read_configuration(Flags(config=str(path), print_format="x=%evt.num")).settings.append_output
    assert entry.extra_output == "x=%evt.num"
