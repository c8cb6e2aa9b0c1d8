"""Asks hosts of your own network whether they relay mail for strangers; any other host is refused."""

import argparse
from pathlib import Path

from mailscope.cli.desk_arguments import add_desk_arguments, say, say_one
from mailscope.cli.parser import actions, positive

EXAMPLES = """
mailscope probe relay 10.1.2.3 --return-to probe@example.org
mailscope probe relay 10.1.2.3 --return-to probe@example.org --deliver
mailscope probe returned /var/mail/probe
mailscope probe proxy 10.1.2.9 --port 3128 --target 10.1.0.25
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the verb takes."""
    actions(
        parser,
        {
            "relay": ("ask a mail server by every known pattern", _relay),
            "returned": ("look in a mailbox for probe mails that were relayed", _returned),
            "proxy": ("ask a proxy for a way to a mail server of yours", _proxy),
        },
    )


def _relay(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("host", metavar="ADDRESS", help="a mail server of your own network")
    parser.add_argument("--return-to", required=True, metavar="ADDRESS", help="a mailbox of yours elsewhere")
    parser.add_argument("--name", metavar="HOST", help="the server's name; default: its address")
    parser.add_argument("--patterns", type=Path, metavar="FILE", help="your own patterns")
    parser.add_argument("--port", type=positive, default=25)
    parser.add_argument("--deliver", action="store_true", help="send the probe mail, to see whether it comes back")
    parser.add_argument("--pause", type=float, default=1.0, metavar="S", help="seconds between connections; default: 1")
    add_desk_arguments(parser)


def _returned(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="MAILBOX", help="mbox, Maildir or .eml")
    add_desk_arguments(parser)


def _proxy(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("host", metavar="ADDRESS", help="a proxy of your own network")
    parser.add_argument("--port", type=positive, required=True)
    parser.add_argument("--target", required=True, metavar="ADDRESS", help="a mail server of your own network")
    parser.add_argument("--target-port", type=positive, default=25)
    parser.add_argument("--pause", type=float, default=1.0, metavar="S", help="seconds between connections; default: 1")
    add_desk_arguments(parser)


def execute(args: argparse.Namespace) -> int:
    """Runs the action."""
    return {"relay": _asked_relay, "proxy": _asked_proxy, "returned": _looked}[args.action](args)


def _asked_relay(args: argparse.Namespace) -> int:
    from mailscope.desk.settings import load
    from mailscope.response.probes.permission import Pace, allowed
    from mailscope.response.probes.relay import PATTERNS, Question, patterns, probe, verdict

    settings = load(args.settings)
    address = allowed(args.host, settings.guards.own)
    question = Question(
        address=address,
        host=args.name or f"[{address}]",
        return_to=args.return_to,
        sender=f"mailscope-probe@{args.return_to.rpartition('@')[2]}",
        secret=settings.sender.secret,
        port=args.port,
        deliver=args.deliver,
    )
    outcomes = probe(question, patterns(args.patterns or PATTERNS), Pace(args.pause))
    rows = [{name: getattr(o, name) for name in ("pattern", "stage", "code", "accepted", "text")} for o in outcomes]
    say(args, ("pattern", "stage", "code", "accepted", "text"), rows)
    say_one(args, {"host": address, "verdict": verdict(outcomes)})
    return 0


def _looked(args: argparse.Namespace) -> int:
    from mailscope.desk.complaints.mailboxes import mails
    from mailscope.desk.settings import load
    from mailscope.response.probes.relay import came_back

    found = came_back(load(args.settings).sender.secret, (mail.data for mail in mails(args.source)))
    rows = [{"host": host, "verdict": "relays", "patterns": names} for host, names in found.items()]
    say(args, ("host", "verdict", "patterns"), rows)
    return 0


def _asked_proxy(args: argparse.Namespace) -> int:
    from mailscope.desk.settings import load
    from mailscope.response.probes.permission import Pace, allowed
    from mailscope.response.probes.proxy import ProxyQuestion, probe_proxy, proxy_verdict

    own = load(args.settings).guards.own
    question = ProxyQuestion(allowed(args.host, own), args.port, allowed(args.target, own), args.target_port)
    outcomes = probe_proxy(question, Pace(args.pause))
    rows = [{name: getattr(o, name) for name in ("way", "opened", "relays", "answer")} for o in outcomes]
    say(args, ("way", "opened", "relays", "answer"), rows)
    say_one(args, {"host": question.address, "verdict": proxy_verdict(outcomes)})
    return 0
