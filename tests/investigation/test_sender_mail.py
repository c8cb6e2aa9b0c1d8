"""The queue's hosts in stored mail logs."""

import json

import pytest

from mailscope.cli.main import main
from mailscope.store.lake import Lake
from tests.fixtures.flow_rows import START, as_arrow, attempts, mails


@pytest.mark.long
def test_a_host_of_the_queue_is_told_with_its_lines_of_the_mail_log(tmp_path, capsys):
    store, log = str(tmp_path / "store"), tmp_path / "mail.log"
    rows = mails("10.0.0.9", 60) + attempts("10.0.0.67", 80)
    Lake(store).append(as_arrow(rows), app="test", number=0)
    at = f"{START:%Y-%m-%dT%H:%M:%S}Z"
    client = "pc.own.example[10.0.0.9]"
    log.write_text(
        f"{at} mx postfix/smtpd[1]: AAAAA11111: client={client}\n"
        f"{at} mx postfix/smtpd[1]: NOQUEUE: reject: RCPT from {client}: 554 5.7.1 <u@in.example>: Relay access denied;"
        " from=<s@out.example> to=<u@in.example> proto=ESMTP helo=<x>\n"
        f"{at} mx amavis[9]: (1-1) Blocked SPAM, [10.0.0.9] <s@out.example> -> <u@in.example>, Queue-ID: AAAAA11111\n"
    )
    assert main(["maillog", str(log), "--store", store]) == 0
    assert main(["senders", store, "--own", "10.0.0.0/8", "--json"]) == 0
    told = {sender["subject"]: sender for sender in json.loads(capsys.readouterr().out)["senders"]}
    assert told["10.0.0.9"]["mail_log"] == {"mails": 1, "received": 1, "rejected": 2, "flagged": 1}
    assert told["10.0.0.67"]["mail_log"]["mails"] == 0
    assert main(["senders", store, "--own", "10.0.0.0/8"]) == 0
    assert "Mail logs: 1 mails with a queue id; lines: 1 received" in " ".join(capsys.readouterr().out.split())
    assert main(["explain", "10.0.0.9", store, "--own", "10.0.0.0/8"]) == 0
    story = capsys.readouterr().out
    assert "What mail logs say" in story
    assert "mail.log:1" in story
    assert main(["store", "info", store]) == 0
    assert json.loads(capsys.readouterr().out)["mail_log"]["records"] == 3
