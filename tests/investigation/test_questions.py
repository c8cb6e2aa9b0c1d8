from mailscope.detect.finding import Finding
from mailscope.investigation.questions import ASKED, answers
from mailscope.wording import phrase


def finding(kind, **told):
    return Finding(kind, "x", 0.9, phrase("word.none"), {}, details={"answers": told})


def test_without_a_finding_that_answers_nothing_is_asked():
    assert answers([]) == {}
    assert answers([Finding("direct-sender", "x", 0.9, phrase("word.none"), {})]) == {}


def test_answers_of_several_findings_are_put_together():
    mails = {"accepted": ["a@x"], "rejected": ["b@x"], "unknown": ["c@x"]}
    more = {"accepted": ["b@x"], "rejected": [], "unknown": ["a@x"]}
    told = answers(
        [
            finding("phishing-campaign", sender_ip=["192.0.2.1"], delivered=mails),
            finding("web-intrusion", sender_ip=["192.0.2.1"], delivered=more, weaknesses=[{"cwe": "CWE-89"}]),
        ]
    )
    assert told["sender_ip"] == ["192.0.2.1"]
    assert told["delivered"] == {"accepted": ["a@x", "b@x"], "rejected": [], "unknown": ["c@x"]}
    assert told["weaknesses"] == [{"cwe": "CWE-89"}]


def test_each_question_says_whether_the_traffic_answers_it():
    told = answers([finding("phishing-campaign", lure_url=["http://a.example"])])
    assert [asked["question"] for asked in told["questions"]] == list(ASKED)
    shown = {asked["question"]: asked["is_shown"] for asked in told["questions"]}
    assert shown["lure_url"]
    assert not shown["attacks"]
    assert "attacks" in told["not_shown"]


def test_mails_that_an_intrusion_tells_are_not_told_again_and_a_weakness_is_one():
    sent = {"phase": "mail-sending", "source": "192.0.2.1", "target": "10.0.0.2"}
    hole = {"cwe": "CWE-290", "target": "10.0.0.2", "where": "smtp:25"}
    told = answers(
        [
            finding(
                "web-intrusion", attacks=[sent | {"first": 1}, sent | {"first": 2}], weaknesses=[hole | {"seen": 1}]
            ),
            finding("phishing-campaign", attacks=[sent | {"first": 0}], weaknesses=[hole | {"seen": 0}]),
        ]
    )
    assert [row["first"] for row in told["attacks"]] == [1, 2]
    assert told["weaknesses"] == [hole | {"seen": 1}]


def test_a_sender_that_only_an_intrusion_tells_is_as_sure_as_the_intrusion():
    told = answers([finding("web-intrusion", sender_ip=["192.0.2.1"], forged_from=["a@far.example"])])
    sure = {asked["question"]: asked["confidence"] for asked in told["questions"]}
    assert sure["sender_ip"] == sure["forged_from"] == 0.9
