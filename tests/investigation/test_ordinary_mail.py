from mailscope.investigation.campaigns import judged_messages
from mailscope.investigation.ordinary_mail import cleared_senders
from tests.fixtures.phish import BAD, LURE_TEXT, mail, merged, scene


def test_the_real_help_desk_is_cleared_beside_the_one_that_borrows_its_name(tmp_path):
    packets = merged(
        mail(BAD, ["ann@corp.example"], LURE_TEXT, at_s=1, port=40001),
        mail("10.0.0.60", ["bob@corp.example"], "Please mind your quota: http://webmail.corp.example/", at_s=2),
    )
    (item,) = cleared_senders(judged_messages(scene(tmp_path, packets)))
    assert item.subject == "it@corp.example"
    assert "10.0.0.60" in str(item.why)
    assert BAD not in str(item.why)
