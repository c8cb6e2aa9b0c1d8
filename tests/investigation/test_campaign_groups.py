"""Suspect messages with a shared text, link or sender are one group; others stay apart."""

from mailscope.detect.phishing import judged
from mailscope.detect.phishing_letter import Ground, letters
from mailscope.investigation.campaign_groups import groups
from tests.fixtures.phish import BAD, LURE, LURE_TEXT, mail, merged, scene


def sizes(folder, *packets):
    told = scene(folder, merged(*packets))
    ground = Ground(told.network, told.domains)
    return sorted(len(members) for members in groups([judged(one, ground) for one in letters(told.tables)], told))


def test_one_text_from_two_hosts_is_one_group(tmp_path):
    first = mail(BAD, ["ann@corp.example"], LURE_TEXT, at_s=1)
    assert sizes(tmp_path, first, mail("198.51.100.88", ["bob@corp.example"], LURE_TEXT, at_s=2)) == [2]


def test_a_text_with_one_word_changed_is_the_same_wave(tmp_path):
    first = mail(BAD, ["ann@corp.example"], LURE_TEXT, at_s=1)
    other = LURE_TEXT.replace("Dear user", "Dear client").replace(LURE, LURE + "2")
    assert sizes(tmp_path, first, mail("198.51.100.88", ["bob@corp.example"], other, at_s=2)) == [2]


def test_strangers_stay_apart(tmp_path):
    other = "Your parcel is on hold, act now and pay the customs fee: http://203.0.113.99/pay"
    first = mail(BAD, ["ann@corp.example"], LURE_TEXT, at_s=1)
    second = mail("198.51.100.88", ["bob@corp.example"], other, at_s=2, sender="post@depot.example", name="DHL")
    assert sizes(tmp_path, first, second) == [1, 1]
