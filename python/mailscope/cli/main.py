"""The command `mailscope`: finds the verb, runs it, and turns what went wrong into words and a code.

Exit codes:

    0    done, whether or not something was found
    2    the command was not understood
    3    a capture cannot be read
    4    a case, table, query or output folder is not usable
    5    a mail server, router or filter did not take what it was given
    10   `investigate --exit-code`: something was found
    130  stopped by Ctrl-C
    141  the reader of the output went away
"""

import errno
import gc
import os
import sys
from types import ModuleType

from mailscope.errors import MailscopeError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

VERBS = {
    "investigate": "say who commands the mail that leaves, and prove it",
    "senders": "queue the hosts that send mail abnormally, scan or flood",
    "explain": "tell one host's story from flow records",
    "maillog": "read logs of mail servers: one story a mail",
    "hitrate": "compare complaints with the queue: hits, misses, lead time",
    "role": "keep what you know of your hosts: mail servers, newsletters, monitors",
    "accounting": "say of every mail session what it is, and why it shows no more",
    "complaints": "read complaint mails: who is accused, of what, when",
    "registry": "keep and serve who is responsible for which network",
    "whois": "say who is responsible for an address",
    "tables": "turn captures into tables (Parquet, NDJSON or CSV)",
    "show": "print rows of one table of a case",
    "sql": "ask a case in SQL, read-only",
    "carve": "cut flows out as a pcapng for Wireshark",
    "messages": "write the mails of a case as .eml files",
    "export": "write a case as Zeek logs, Suricata EVE, ECS or OCSF",
    "collect": "receive NetFlow, IPFIX and sFlow and store the flow records",
    "sense": "capture on an interface, decode and store while it goes on",
    "top": "watch the senders of a store while they send",
    "alerts": "tell by mail, webhook or syslog what is abnormal, once",
    "store": "look after a store of flow records",
    "compare": "list where Zeek's or Suricata's logs disagree with a case",
    "schema": "explain tables and columns",
    "desk": "run the desk: mail in, what rules allow out, quiet checks",
    "cases": "keep the desk's cases: complaints in, history, evidence",
    "notices": "write to who is responsible, each notice once",
    "block": "stop an address of your network, with an undo",
    "probe": "ask hosts of your own network whether they relay",
    "figures": "tell what the desk achieved, month by month",
    "completion": "print completion for your shell",
}
_NEXT = {
    errno.ENOSPC: "make room there, or write to another disk; what was there before is whole",
    errno.EACCES: "may this user read, or write, there?",
    errno.EROFS: "write to another disk",
    errno.ENOTDIR: "a folder is wanted, and a file has its name",
    errno.EEXIST: "a folder is wanted, and a file has its name",
}
"""What to do about an error of the system, as far as its number tells."""
EXIT_CODES = (__doc__ or "").split("Exit codes:\n\n", 1)[-1].rstrip()


def verb_module(verb: str) -> ModuleType:
    """The file of that verb: `SUMMARY` is above, `EXAMPLES`, `arguments` and `execute` are there."""
    module: ModuleType = __import__(f"mailscope.cli.{verb}", fromlist=[verb])
    return module


def help_text() -> str:
    """What `mailscope --help` prints."""
    verbs = "\n".join(f"  {verb:<12} {summary}" for verb, summary in VERBS.items())
    return f"""usage: mailscope VERB ...

Who is sending abusive mail through this network? Captures in, the answer with its proof out.

verbs:
{verbs}

`mailscope VERB --help` explains a verb, with examples. `mailscope --version` prints the version.

examples:
  mailscope investigate link.pcap inside.pcap --own 10.0.0.0/8 -o case
  mailscope show case proxy_requests --where "target_port = 25"

exit codes:
{EXIT_CODES}
"""


def dispatch(argv: list[str]) -> int:
    """Runs the verb that `argv` starts with; returns the exit code."""
    if not argv or argv[0] in ("-h", "--help", "help"):
        sys.stdout.write(help_text())
        return 0 if argv else UsageError.exit_code
    if argv[0] in ("-V", "--version"):
        from mailscope.ingest.captures import version

        print(f"mailscope {version()}")
        return 0
    verb = argv[0]
    if verb not in VERBS:
        raise UsageError(f"there is no verb `{verb[:40]}`", hint=_closest(verb))
    from mailscope.cli.parser import Parser

    module = verb_module(verb)
    parser = Parser(f"mailscope {verb}", (module.__doc__ or "").strip(), module.EXAMPLES)
    module.arguments(parser)
    code: int = module.execute(parser.parse_args(argv[1:]))
    sys.stdout.flush()
    return code


def main(argv: list[str]) -> int:
    """`dispatch`, with every foreseen failure as `error:` and `hint:` on standard error."""
    try:
        return dispatch(argv)
    except MailscopeError as error:
        return _say(error, error.exit_code, error.hint)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except OSError as error:
        where = f"`{error.filename}`: " if error.filename else ""
        return _say(f"{where}{error.strerror or error}", 4, _NEXT.get(error.errno or 0))
    except KeyboardInterrupt:
        return _say("stopped; nothing half-written was left", 130, None)


def run() -> "NoReturn":
    """The console script."""
    # Expressions and tables are many objects that all live on: looking for garbage took a tenth of Python's time.
    gc.set_threshold(50_000, 20, 20)
    # The core's allocator hands memory that it no longer needs back after this many milliseconds, not a second.
    os.environ.setdefault("MIMALLOC_PURGE_DELAY", "20")
    sys.exit(main(sys.argv[1:]))


def _say(error: object, code: int, hint: str | None) -> int:
    from mailscope.harmless import visible

    print(f"error: {visible(str(error), 2000)}", file=sys.stderr)
    if hint:
        print(f"hint: {visible(hint, 2000)}", file=sys.stderr)
    return code


def _closest(verb: str) -> str:
    import difflib

    close = difflib.get_close_matches(verb, VERBS, n=1)
    return f"did you mean `mailscope {close[0]}`?" if close else "`mailscope --help` lists the verbs"
