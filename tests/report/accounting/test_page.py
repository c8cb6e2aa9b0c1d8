"""The account of mail sessions as a page: whole, harmless, nothing from elsewhere."""

from mailscope.cli.main import main
from tests.fixtures.relays import Relay
from tests.fixtures.wire import write
from tests.report.test_html import parsed


def test_it_is_whole_runs_nothing_and_names_its_input(tmp_path, capsys):
    capture = write(tmp_path / "<b>&\x1b.pcap", Relay().packets())
    page = tmp_path / "account.html"
    assert main(["accounting", str(capture), "--html", str(page)]) == 0
    text = page.read_text("utf-8")
    tags = parsed(text)
    assert not set(tags.seen) & {"script", "iframe", "object", "embed", "form", "img", "link", "b"}
    assert not [name for _tag, name, _value in tags.attributes if name.startswith("on") or name in ("src", "href")]
    assert "\x1b" not in text
    assert "&lt;b&gt;&amp;\\x1b.pcap" in text
    assert "every session has one class and one reason" in capsys.readouterr().out.replace("\n", " ")
