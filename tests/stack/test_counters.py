"""Counts lie in memory for one run, and leave nothing there."""

from pathlib import Path

import pytest

from quietus.stack import counters
from quietus.stack.state import prepare_folder


def test_they_lie_in_memory_and_are_gone_afterwards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = tmp_path / "memory"
    memory.mkdir()
    monkeypatch.setattr(counters, "MEMORY", memory)
    state = prepare_folder(tmp_path / "state")
    for _ in range(2):  # the second time after a run that was killed
        counters.begin(state)
        (state / "metrics" / "counter_1.db").write_bytes(b"1")
        (inside,) = memory.iterdir()
        assert [file.name for file in inside.iterdir()] == ["counter_1.db"]
        assert inside.stat().st_mode & 0o777 == 0o700
    counters.end(state)
    assert list(memory.iterdir()) == []


def test_without_such_a_place_they_lie_in_the_state_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counters, "MEMORY", tmp_path / "nowhere")
    state = prepare_folder(tmp_path / "state")
    counters.begin(state)
    assert (state / "metrics").is_dir()
    assert not (state / "metrics").is_symlink()


def test_a_link_into_a_memory_that_was_lost_is_no_obstacle(tmp_path: Path) -> None:
    state = prepare_folder(tmp_path / "state")
    (state / "metrics").rmdir()
    (state / "metrics").symlink_to(tmp_path / "gone")
    prepare_folder(state)
    assert (state / "metrics").is_dir()


def test_a_link_to_somebody_elses_folder_is_not_followed(tmp_path: Path) -> None:
    state = prepare_folder(tmp_path / "state")
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (state / "metrics").rmdir()
    (state / "metrics").symlink_to(theirs)
    counters.end(state)
    assert theirs.is_dir()
