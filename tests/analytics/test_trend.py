"""Steps are whole days of the chosen zone, right where clocks change, and there even when nothing happened."""

from tests.analytics.conftest import Ask, Rows, at, table

SPRING, AUTUMN = "2026-03-29", "2026-10-25"  # the clocks of Berlin change


def test_days_follow_the_local_calendar_across_a_change_of_clocks(put: Rows, ask: Ask) -> None:
    alice = put.person()
    put.text(alice, "2026-03-28 22:59", "HIGH")  # still the 28th in Berlin
    put.text(alice, "2026-03-28 23:00", "LOW")  # its 29th begins
    put.text(alice, "2026-03-29 21:59", "LOW")  # and ends 23 hours later
    put.text(alice, "2026-03-29 22:00", "MODERATE")
    found = table(ask("text_trend", from_="2026-03-28", to="2026-03-30", tz="Europe/Berlin", granularity="day"))
    assert [row["bucket"] for row in found] == [at("2026-03-27 23:00"), at("2026-03-28 23:00"), at("2026-03-29 22:00")]
    assert [(row["low"], row["moderate"], row["high"]) for row in found] == [(0, 0, 1), (2, 0, 0), (0, 1, 0)]


def test_a_day_of_a_change_has_23_or_25_hours_and_none_is_counted_twice(put: Rows, ask: Ask) -> None:
    alice = put.person()
    put.text(alice, "2026-10-25 00:30")  # 02:30 in Berlin, summer
    put.text(alice, "2026-10-25 01:30")  # 02:30 in Berlin again, winter
    spring = ask("text_trend", from_=SPRING, to=SPRING, tz="Europe/Berlin", granularity="hour")
    autumn = ask("text_trend", from_=AUTUMN, to=AUTUMN, tz="Europe/Berlin", granularity="hour")
    assert (len(spring.rows), len(autumn.rows)) == (23, 25)
    assert [row["counted"] for row in table(autumn)][:5] == [0, 0, 1, 1, 0]


def test_the_first_and_last_step_are_cut_by_the_period(put: Rows, ask: Ask) -> None:
    alice = put.person()
    for hour in ("05:59", "06:00", "11:59", "12:00"):
        put.text(alice, f"2026-03-02 {hour}")
    (row,) = table(ask("text_trend", from_="2026-03-02T06:00:00Z", to="2026-03-02T12:00:00Z", granularity="month"))
    assert (row["bucket"], row["counted"]) == (at("2026-03-01 00:00"), 2)


def test_weeks_begin_on_monday(ask: Ask) -> None:
    found = table(ask("text_trend", from_="2026-03-04", to="2026-03-10", granularity="week"))
    assert [row["bucket"] for row in found] == [at("2026-03-02"), at("2026-03-09")]


def test_what_waits_or_failed_is_not_counted(put: Rows, ask: Ask) -> None:
    alice = put.person()
    for label in ("PENDING", "FAILED", "HIGH"):
        put.text(alice, "2026-03-02 10:00", label)
    (row,) = table(ask("text_trend", from_="2026-03-02", to="2026-03-02", granularity="day"))
    assert (row["counted"], row["high"], row["high_share"]) == (1, 1, 1.0)


def test_filters_narrow(put: Rows, ask: Ask) -> None:
    alice = put.person()
    put.text(alice, "2026-03-02 10:00", "HIGH", source="IMPORT")
    put.text(alice, "2026-03-02 10:00", "LOW", source="IMPORT", model_version="m2")
    put.text(alice, "2026-03-02 10:00", "LOW")
    day = {"from_": "2026-03-02", "to": "2026-03-02", "granularity": "day"}
    counts = [
        ask("text_trend", **day, **filters).rows[0][1]
        for filters in ({}, {"source": "IMPORT"}, {"model_version": "m2"}, {"predicted_label": "HIGH"})
    ]
    assert counts == [3, 2, 1, 1]
