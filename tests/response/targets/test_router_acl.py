from datetime import UTC, datetime, timedelta

import pytest

from mailscope.errors import DeliveryError
from mailscope.response.plan import Plan, network
from mailscope.response.targets.router_acl import RouterAcl


class Router:
    """A list that behaves as IOS shows it: numbers before the entries."""

    def __init__(self, answer=""):
        self.entries, self.answer, self.closed = ["permit ip any any"], answer, 0

    def send_config_set(self, config_commands):
        if self.answer:
            return self.answer
        for line in config_commands:
            words = line.split()
            if words[0] == "no":
                self.entries.remove(" ".join(words[1:]))
            elif "deny" in words:
                place = words.index("deny")
                self.entries.insert(len([e for e in self.entries if e.startswith("deny")]), " ".join(words[place:]))
        return "done"

    def send_command(self, _command):
        return "Extended IP access list MAILSCOPE\n" + "\n".join(f"  {n} {e}" for n, e in enumerate(self.entries))

    def disconnect(self):
        self.closed += 1


def plan(prefix="10.1.2.3", scope="mail"):
    return Plan(network(prefix), scope, datetime.now(UTC) + timedelta(hours=1), "spam")


@pytest.mark.parametrize("prefix", ["10.1.2.3", "10.1.2.0/28", "2001:db8::7"])
@pytest.mark.parametrize("scope", ["mail", "all"])
def test_lines_come_before_what_permits_and_go_again(prefix, scope):
    router = Router()
    target = RouterAcl(lambda: router)
    target.apply(plan(prefix, scope))
    assert target.is_applied(plan(prefix, scope))
    assert router.entries[-1] == "permit ip any any"
    assert target.apply(plan(prefix, scope)) == "was so already"
    target.undo(plan(prefix, scope))
    assert router.entries == ["permit ip any any"]
    assert router.closed == 4


def test_a_router_that_refuses_is_heard():
    router = Router("% Invalid input detected")
    with pytest.raises(DeliveryError, match="Invalid input"):
        RouterAcl(lambda: router).apply(plan())


def test_a_router_that_is_away_is_an_error_and_not_a_block():
    def away():
        raise TimeoutError("no route")

    with pytest.raises(DeliveryError, match="cannot be reached"):
        RouterAcl(away).apply(plan())
