"""How a configuration comes together: files, `config_files`, `-o`."""

from __future__ import annotations

from pathlib import Path

import pytest

from yarak import config
from yarak.config import loading
from yarak.errors import ConfigError


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_defaults_are_the_code_defaults(tmp_path: Path) -> None:
    settings = config.load(write(tmp_path / "c.yaml", "")).settings
    assert settings.priority == "debug"
    assert settings.json_include_output_property is True
    assert settings.stdout_output.enabled is False
    assert settings.log_syslog is True
    assert settings.engine.modern_ebpf.buf_size_preset == 4


def test_packaged_file_has_no_unknown_key_and_finds_its_rules() -> None:
    loaded = config.load(loading.PACKAGED)
    assert (loaded.warnings, loaded.later) == ([], [])
    assert Path(loaded.settings.rules_files[0]).is_dir()
    assert loaded.settings.stdout_output.enabled


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [("append", ["a", "b"]), ("override", ["b"]), ("add-only", ["a"]), ("bogus", ["a", "b"])],
)
def test_merge_strategies_for_lists(tmp_path: Path, strategy: str, expected: list[str]) -> None:
    other = write(tmp_path / "other.yaml", "rules_files: [b]\npriority: error\n")
    main = write(tmp_path / "c.yaml", f"rules_files: [a]\nconfig_files:\n  - path: {other}\n    strategy: {strategy}\n")
    settings = config.load(main).settings
    assert settings.rules_files == expected
    assert settings.priority == "error"


def test_included_maps_replace_and_are_not_merged(tmp_path: Path) -> None:
    other = write(tmp_path / "other.yaml", "file_output: {filename: /x}\n")
    main = write(tmp_path / "c.yaml", f"file_output: {{enabled: true}}\nconfig_files: [{other}]\n")
    assert config.load(main).settings.file_output.enabled is False


def test_included_folder_is_read_in_alphabetical_order_whatever_the_extension(tmp_path: Path) -> None:
    folder = tmp_path / "config.d"
    folder.mkdir()
    write(folder / "b.conf", "priority: error\n")
    write(folder / "a.yaml", "priority: notice\n")
    main = write(tmp_path / "c.yaml", f"config_files: [{folder}, {tmp_path}/missing]\n")
    loaded = config.load(main)
    assert loaded.settings.priority == "error"
    assert [file.path.name for file in loaded.files] == ["c.yaml", "a.yaml", "b.conf"]


def test_included_file_must_not_include(tmp_path: Path) -> None:
    other = write(tmp_path / "other.yaml", "config_files: []\n")
    with pytest.raises(ConfigError, match="config_files"):
        config.load(write(tmp_path / "c.yaml", f"config_files: [{other}]\n"))


def test_main_file_must_not_include_itself(tmp_path: Path) -> None:
    main = tmp_path / "c.yaml"
    with pytest.raises(ConfigError, match="must not be among"):
        config.load(write(main, f"config_files: [{main}]\n"))


def test_options_win_over_files_and_name_files(tmp_path: Path) -> None:
    other = write(tmp_path / "other.yaml", "priority: error\njson_output: true\n")
    main = write(tmp_path / "c.yaml", "priority: notice\n")
    loaded = config.load(main, [f"config_files[]={other}", "priority=WARNING"])
    assert loaded.settings.priority == "warning"
    assert loaded.settings.json_output is True


def test_unknown_keys_are_warned_of_and_later_keys_named_once(tmp_path: Path) -> None:
    text = "jsn_output: true\nengine: {modern_ebpf: {bufsize: 3, drop_failed_exit: true}}\nwebserver: {enabled: true}\n"
    loaded = config.load(write(tmp_path / "c.yaml", text), ["webserver.listen_port=1", "stdout_output.colour=1"])
    assert loaded.files[0].unknown == ["jsn_output", "engine.modern_ebpf.bufsize"]
    assert loaded.later == ["engine.modern_ebpf.drop_failed_exit", "webserver"]
    assert any("stdout_output.colour" in warning for warning in loaded.warnings)


def test_value_that_does_not_fit_falls_back_with_a_warning(tmp_path: Path) -> None:
    loaded = config.load(write(tmp_path / "c.yaml", "json_output: perhaps\noutput_timeout: soon\n"))
    assert loaded.settings.json_output is False
    assert loaded.settings.output_timeout == 2000
    assert len(loaded.warnings) == 2


@pytest.mark.parametrize(
    "text",
    [
        "priority: loud",
        "rule_matching: some",
        "log_level: INFO",
        "engine: {kind: ebpf}",
        "engine: {modern_ebpf: {buf_size_preset: 0}}",
        "engine: {modern_ebpf: {buf_size_preset: 11}}",
        "rules: [{enable: {name: x}}]",
        "syscall_event_drops: {threshold: 2}",
        "syscall_event_drops: {actions: [shout]}",
        "rules_file: [a]\nrules_files: [b]",
        "append_output: [{extra_fields: [proc.pid, {proc.pid: '%proc.name'}]}]",
        "- a list",
        "a: [unclosed",
    ],
)
def test_what_ends_the_start(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        config.load(write(tmp_path / "c.yaml", text))
    assert str(caught.value)


@pytest.mark.parametrize("word", ["yes", "Yes", "on", "TRUE", "true"])
def test_booleans_take_yaml_1_1_words(tmp_path: Path, word: str) -> None:
    assert config.load(write(tmp_path / "c.yaml", f"json_output: {word}")).settings.json_output is True


def test_scalar_where_a_list_is_expected_is_a_list_of_one(tmp_path: Path) -> None:
    assert config.load(write(tmp_path / "c.yaml", "rules_files: /a/b.yaml")).settings.rules_files == ["/a/b.yaml"]


def test_deprecated_rules_file_is_taken_with_a_warning(tmp_path: Path) -> None:
    loaded = config.load(write(tmp_path / "c.yaml", "rules_file: /a/b.yaml"))
    assert loaded.settings.rules_files == ["/a/b.yaml"]
    assert any("rules_file" in warning for warning in loaded.warnings)


def test_append_output_and_rule_selection_are_typed(tmp_path: Path) -> None:
    text = (
        "append_output:\n  - match: {source: syscall, tags: [a]}\n    extra_output: 'x=%proc.name'\n"
        "    extra_fields: [proc.name, {k: '%evt.num'}]\n    suggested_output: yes\n"
        "rules:\n  - disable: {rule: '*'}\n  - enable: {tag: network}\n"
    )
    settings = config.load(write(tmp_path / "c.yaml", text)).settings
    (entry,) = settings.append_output
    assert entry.suggested_output is True
    assert entry.extra_fields == ["proc.name", {"k": "%evt.num"}]
    assert entry.match is not None and entry.match.tags == ["a"]
    assert settings.rules[0].disable is not None and settings.rules[0].disable.rule == "*"
    assert settings.rules[1].enable is not None and settings.rules[1].enable.tag == "network"


def test_find_prefers_the_given_file_then_the_system_then_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = tmp_path / "yarak.yaml"
    monkeypatch.setattr(loading, "SYSTEM", system)
    assert config.find(None) == loading.PACKAGED
    write(system, "")
    assert config.find(None) == system
    given = write(tmp_path / "mine.yaml", "")
    assert config.find(str(given)) == given
    with pytest.raises(ConfigError, match=f"^Could not find configuration file at {tmp_path}/none$"):
        config.find(f"{tmp_path}/none")
