"""Made-up video sessions: windows of five seconds with signals that hang together, and their audit rows."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from quietus.demo_data.copying import Array, Ground, copy_rows, ids, moments, numbers, picked, times
from quietus.demo_data.reviews import Reviewed, add_reviews

LEVELS: Final = ("LOW", "MODERATE", "HIGH", "UNKNOWN")
STATES: Final = ("ENDED", "ABANDONED")
TYPES: Final = ("DISTRESS_MONITORING", "CHECK_IN", "SUPPORT_CALL")
PLATFORMS: Final = ("WEB", "IOS", "ANDROID", "DESKTOP", "AGENT")
VERSIONS: Final = ("demo-video-1", "demo-video-2")
WINDOW = np.timedelta64(5, "s")
WINDOWS = 120  # of a session, on average: ten minutes
CHUNK = 1000


@dataclass(frozen=True, slots=True)
class Sessions:
    """The sessions as columns, one place for each."""

    id: list[str]
    user_id: list[str]
    started: Array
    windows: Array  # how many
    strain: Array  # 0 to 1, what the signals of its windows scatter around
    version: list[str]


def add_sessions(ground: Ground, events: int) -> tuple[int, int, int]:
    """Sessions with `events` windows in all; how many sessions, windows and audit rows that made."""
    rng = ground.rng
    sessions = _make(ground, events)
    count = len(sessions.id)
    state = picked(STATES, rng.choice(len(STATES), count, p=(0.88, 0.12)))
    ended = sessions.started + WINDOW * sessions.windows
    columns = ("id", "user_id", "stream_session_id", "session_type", "client_platform", "status", "started_at",
               "ended_at", "created_at")  # fmt: skip
    data = (
        sessions.id, sessions.user_id, [f"demo-{key}" for key in sessions.id],
        picked(TYPES, rng.choice(len(TYPES), count, p=(0.5, 0.3, 0.2))),
        picked(PLATFORMS, rng.choice(len(PLATFORMS), count, p=(0.5, 0.2, 0.15, 0.1, 0.05))),
        state, times(sessions.started), times(ended), times(sessions.started),
    )  # fmt: skip
    copy_rows(ground.connection, "video_sessions", columns, data)
    levels = [_add_windows(ground, sessions, at) for at in range(0, count, CHUNK)]
    audited = _audit(ground, sessions, state, ended)
    return count, int(sessions.windows.sum()), audited + _review(ground, sessions, levels, ended)


def _make(ground: Ground, events: int) -> Sessions:
    rng, people = ground.rng, ground.people
    count = max(1, events // WINDOWS)
    weight = rng.gamma(4, 1, count)
    windows = np.maximum(1, np.floor(weight / weight.sum() * events)).astype(int)
    windows[-1] = max(1, events - int(windows[:-1].sum()))
    started = moments(rng, count, ground.end, ground.days) - np.timedelta64(6, "h")  # over before `end`
    who = picked(people, (rng.random(count) ** 2 * len(people)).astype(int).tolist())
    change = count - count // 3
    version = [VERSIONS[0]] * change + [VERSIONS[1]] * (count - change)
    return Sessions(ids(rng, started), who, started, windows, rng.beta(1.3, 6, count), version)


def _add_windows(ground: Ground, sessions: Sessions, at: int) -> Array:
    """The windows of up to CHUNK sessions; for each session the highest level, as its place in LEVELS, 0 for none."""
    rng = ground.rng
    windows = sessions.windows[at : at + CHUNK]
    owner = np.repeat(np.arange(len(windows)), windows)
    number = np.arange(len(owner)) - np.repeat(np.cumsum(windows) - windows, windows)
    when = sessions.started[at : at + CHUNK][owner] + WINDOW * (number + 1)
    strain = np.clip(sessions.strain[at : at + CHUNK][owner] + rng.normal(0, 0.12, len(owner)), 0, 1)
    presence = np.where(rng.random(len(owner)) < 0.05, rng.random(len(owner)) * 0.29, rng.beta(20, 1.5, len(owner)))
    level = np.select([presence < 0.3, strain > 0.62, strain > 0.36], [3, 2, 1], 0)
    places = (owner + at).tolist()
    columns = ("id", "session_id", "user_id", "event_at", "risk_level", "confidence", "signals", "model_version",
               "latency_ms", "created_at")  # fmt: skip
    data = (
        ids(rng, when), picked(sessions.id, places), picked(sessions.user_id, places), times(when),
        picked(LEVELS, level.tolist()), numbers(np.clip(presence, 0, 0.9999), 4), _signals(rng, strain, presence),
        picked(sessions.version, places), numbers(rng.lognormal(4.7, 0.35, len(owner))), times(when),
    )  # fmt: skip
    copy_rows(ground.connection, "video_analysis_events", columns, data)
    highest = np.zeros(len(windows), dtype=int)
    np.maximum.at(highest, owner, np.where(level == LEVELS.index("UNKNOWN"), 0, level))
    return highest


def _signals(rng: np.random.Generator, strain: Array, presence: Array) -> list[str]:
    noise = rng.normal(0, 0.15, (4, len(strain)))
    eyes, head, move, face = np.clip(np.array([[0.6], [0.4], [0.5], [0.45]]) * strain + noise, 0, 1).round(3).tolist()
    return [
        f'{{"presence": {p}, "eye_closure": {e}, "head_pitch": {h}, "movement": {m}, "expression": {f}}}'
        for p, e, h, m, f in zip(presence.round(3).tolist(), eyes, head, move, face, strict=True)
    ]


def _audit(ground: Ground, sessions: Sessions, state: list[str], ended: Array) -> int:
    columns = ("user_id", "action", "resource_type", "resource_id", "metadata", "created_at")
    count, kind = len(state), ["video_session"] * len(state)
    over = [f'{{"status": "{each}"}}' for each in state]
    copy_rows(ground.connection, "audit_logs", columns,
              (sessions.user_id, ["video_session:started"] * count, kind, sessions.id, ["{}"] * count,
               times(sessions.started)))  # fmt: skip
    copy_rows(ground.connection, "audit_logs", columns,
              (sessions.user_id, ["video_session:ended"] * count, kind, sessions.id, over, times(ended)))  # fmt: skip
    return 2 * count


def _review(ground: Ground, sessions: Sessions, levels: list[Array], ended: Array) -> int:
    """Most sessions with a HIGH window were read; where nothing is left behind, all that were raised."""
    rng, highest = ground.rng, np.concatenate(levels)
    some = (highest == LEVELS.index("HIGH")) & (rng.random(len(sessions.id)) < 0.8)
    chosen = np.flatnonzero(some | ((highest > 0) & (ended < ground.all_read_until))).tolist()
    reviewed = Reviewed(
        "video_session", picked(sessions.id, chosen), picked(sessions.user_id, chosen),
        picked(LEVELS, highest[chosen].tolist()), rng.beta(8, 3, len(chosen)), picked(sessions.version, chosen),
        ended[chosen],
    )  # fmt: skip
    return add_reviews(ground, reviewed)
