"""The figures are checked against cases small enough to count by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from quietus.textmodel import metrics
from quietus.textmodel.calibration import Calibration, fit_probabilities, fit_thresholds, macro_f1


def test_macro_f1_of_a_case_counted_by_hand() -> None:
    truth, given = np.array([0, 0, 1, 1, 2, 2]), np.array([0, 1, 1, 1, 2, 0])

    assert macro_f1(truth, given) == pytest.approx((0.5 + 0.8 + 2 / 3) / 3)


def test_wilsons_interval_as_published() -> None:
    low, high = metrics.Share(81, 263).interval  # Newcombe 1998, table I

    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)


def test_recall_at_alarms_lets_two_in_a_hundred_through() -> None:
    scores = np.concatenate([np.linspace(0, 1, 100), [0.5, 0.985, 0.999]])
    truth = np.array([0] * 100 + [2] * 3)

    assert metrics.recall_at_alarms(scores, truth).hits == 2


def test_a_model_that_is_as_right_as_it_says_has_no_calibration_error() -> None:
    right = np.array([True] * 8 + [False] * 2)

    assert metrics.calibration_error(np.full(10, 0.8), right) == pytest.approx(0)
    assert metrics.calibration_error(np.full(10, 0.95), right) == pytest.approx(0.15)


def test_calibration_finds_the_temperature_that_made_the_data() -> None:
    rng = np.random.default_rng(1)
    logits = rng.normal(0, 2, (4000, 3))
    p = np.exp(logits / 2.5)
    p /= p.sum(axis=1, keepdims=True)
    truth = (p.cumsum(axis=1) > rng.random((4000, 1))).argmax(axis=1)
    temperature, shift, several = fit_probabilities(logits, truth)

    assert temperature == pytest.approx(2.5, rel=0.1)
    assert np.abs(shift).max() < 0.1
    assert several == (0, 0, 0)


def test_the_threshold_for_high_is_where_the_expected_macro_f1_is_greatest() -> None:
    sure, doubtful, likelier = [0.05, 0.05, 0.9], [0.645, 0.05, 0.305], [0.395, 0.01, 0.595]

    assert fit_thresholds(np.array([sure, doubtful])) == (0.31, 0.5)
    assert fit_thresholds(np.array([sure, likelier])) == (0.2, 0.5)


def test_the_decision_prefers_the_graver_label_once_its_threshold_is_met() -> None:
    rule = replace(Calibration.neutral(), high=0.3, moderate=0.5)

    assert [rule.label(np.array(p)) for p in ([0.6, 0.1, 0.3], [0.49, 0.3, 0.21], [0.51, 0.3, 0.19])] == [
        "HIGH",
        "MODERATE",
        "LOW",
    ]
