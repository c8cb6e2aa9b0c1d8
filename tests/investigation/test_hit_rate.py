"""Hits, misses and lead times; and the field case's own table with correct arithmetic."""

from datetime import UTC, datetime, timedelta

from mailscope.investigation.hit_rate import Complaint, Rate, matches, rates, wilson

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)

# Table 3 of the field case (F30): complained-about hosts that were already queued, of all complained about.
FIELD_CASE = {
    "2003-08": (12, 16),
    "2003-09": (15, 22),
    "2003-10": (6, 8),
    "2003-11": (7, 8),
    "2003-12": (7, 9),
    "2004-01": (12, 12),
}
TRUE_PERCENT = [75.0, 68.2, 75.0, 87.5, 77.8, 100.0]


def field_case_matches():
    complaints, queued = [], {}
    for month, (hits, of) in FIELD_CASE.items():
        year, number = map(int, month.split("-"))
        for host in range(of):
            address, time = f"10.{number}.0.{host}", datetime(year, number, 20, tzinfo=UTC)
            complaints.append(Complaint(address, time))
            if host < hits:
                queued[address] = [time - timedelta(days=2)]
    return matches(complaints, queued)


def test_the_field_case_s_table_is_reproduced_with_correct_arithmetic():
    *months, whole = rates(field_case_matches())
    assert [(rate.hits, rate.of) for rate in months] == list(FIELD_CASE.values())
    assert [rate.percent for rate in months] == TRUE_PERCENT
    assert (whole.hits, whole.of, whole.percent) == (59, 75, 78.7)
    assert whole.interval == (68.1, 86.4)
    assert whole.median_lead == timedelta(days=2)


def test_over_70_percent_holds_overall_but_not_in_september():
    found = {rate.period: rate.percent for rate in rates(field_case_matches())}
    assert found["all"] > 70 > found["2003-09"]


def test_a_complaint_before_the_queue_is_a_miss():
    found = matches([Complaint("10.0.0.1", NOON)], {"10.0.0.1": [NOON + timedelta(minutes=1)]})
    assert [match.queued for match in found] == [None]


def test_a_host_counts_once_a_month_by_its_first_complaint():
    complaints = [Complaint("10.0.0.1", NOON + timedelta(hours=hours)) for hours in (5, 0, 9)]
    (match,) = matches(complaints, {"10.0.0.1": [NOON - timedelta(hours=3)]})
    assert (match.complained, match.lead) == (NOON, timedelta(hours=3))


def test_a_stay_in_the_queue_long_ago_is_no_warning():
    (match,) = matches([Complaint("10.0.0.1", NOON)], {"10.0.0.1": [NOON - timedelta(days=40)]})
    assert match.lead is None


def test_wilson_s_interval_never_leaves_0_and_1():
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(12, 12)[1] == 1.0
    assert wilson(0, 5)[0] == 0.0
    assert Rate("2004-01", 12, 12).interval == (75.8, 100.0)


def test_without_complaints_there_is_no_rate():
    assert rates([]) == []
