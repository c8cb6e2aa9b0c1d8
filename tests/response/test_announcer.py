import subprocess
import sys

from mailscope.response.announcer import step
from mailscope.response.state_file import change


def test_only_what_changed_is_said():
    said = []
    known = step([], ["route a", "route b"], said.append)
    step(known, ["route b", "route c"], said.append)
    assert said == ["announce route a", "announce route b", "withdraw route a", "announce route c"]


def test_it_says_to_exabgp_what_the_file_says(tmp_path):
    file = tmp_path / "routes"
    change(file, lambda _lines: ["route 10.0.0.1/32 next-hop 192.0.2.1"])
    child = subprocess.Popen(
        [sys.executable, "-m", "mailscope.response.announcer", str(file)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert child.stdout.readline() == "announce route 10.0.0.1/32 next-hop 192.0.2.1\n"
        change(file, lambda _lines: [])
        assert child.stdout.readline() == "withdraw route 10.0.0.1/32 next-hop 192.0.2.1\n"
    finally:
        child.kill()
        child.wait()
        child.stdout.close()
