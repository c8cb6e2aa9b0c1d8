"""`mailscope cases evidence`: the accused address looked up in captures, flow records and mail logs."""

import argparse
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mailscope.cli.desk_arguments import actor, add_desk_arguments, opened, say, say_one
from mailscope.cli.maillog import add_time_arguments

if TYPE_CHECKING:
    from mailscope.desk.settings import Settings
    from mailscope.store.case import Case


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the action takes; without any source it asks those of the settings."""
    parser.add_argument("case", type=int, metavar="N", help="number of the case")
    group = parser.add_argument_group("where to look (default: what the settings name)")
    group.add_argument("--case", dest="folders", action="append", default=[], metavar="CASE", help="a case folder")
    group.add_argument("--captures", nargs="+", default=[], metavar="FILE",
                       help="captures: investigated first, and kept beside the desk's database")  # fmt: skip
    group.add_argument("--store", action="append", default=[], metavar="DIR",
                       help="a store of flow records, or any other source of them")  # fmt: skip
    group.add_argument("--maillog", nargs="+", type=Path, default=[], metavar="FILE", help="logs of mail servers")
    add_time_arguments(parser)
    add_desk_arguments(parser)


def execute(args: argparse.Namespace) -> int:
    """Looks everywhere, keeps what was seen in the case, and prints it."""
    from mailscope.desk.cases.case_store import by_id
    from mailscope.desk.evidence.joined import keep
    from mailscope.desk.evidence.moments import moments_of

    settings, desk = opened(args)
    with desk.transaction() as session:
        case = by_id(session, args.case)
        moments, category = moments_of(session, case), case.category
    # Looking may take minutes: no transaction is held meanwhile.
    found = _looked(args, settings, moments, category)
    with desk.transaction() as session:
        keep(session, by_id(session, args.case), found, actor(args))
    _print(args, found)
    return 0


def _looked(args: argparse.Namespace, settings: "Settings", moments: Any, category: str) -> dict[str, Any]:
    from mailscope.desk.evidence.captures import case_folders
    from mailscope.desk.evidence.joined import evidence_of
    from mailscope.ingest.flow_sources import FlowSources

    is_named = any((args.folders, args.captures, args.store, args.maillog))
    stores = args.store or ([] if is_named else [str(place) for place in settings.flows])
    logs = args.maillog or ([] if is_named else list(settings.maillogs))
    folders = list(args.folders) or ([] if is_named else list(settings.cases))
    cases = case_folders(folders)
    if args.captures:
        cases.append(_investigated(args, settings))
    with ExitStack() as stack:
        flows = []
        for place in stores:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mailscope-")))
            flows.append((place, FlowSources(folder).expression([place])))
        return evidence_of(moments, category, cases=cases, flows=flows, logs=_logs(args, settings, logs))


def _logs(args: argparse.Namespace, settings: "Settings", paths: list[Path]) -> list[tuple[str, Any]]:
    from mailscope.cli.maillog import read, say_unread

    if not paths:
        return []
    args.zone = args.zone or settings.zone
    log = read(paths, args)
    say_unread(log)
    return [(", ".join(str(path) for path in paths[:5]), log.rows)]


def _investigated(args: argparse.Namespace, settings: "Settings") -> "Case":
    """The captures as a case folder beside the database, with the answer that names who commanded whom."""
    from mailscope.ingest.captures import write_case
    from mailscope.investigation.investigate import investigate
    from mailscope.report.jsonl import json_text

    folder = settings.folder / "evidence" / f"case-{args.case}"
    folder.parent.mkdir(exist_ok=True)
    case = write_case(args.captures, folder)
    found = investigate(case, own=settings.own, own_domains=settings.domains)
    case.write("findings.json", json_text(found))
    return case


def _print(args: argparse.Namespace, found: dict[str, Any]) -> None:
    if args.json:
        say_one(args, found)
        return
    say_one(args, {"verdict": found["verdict"]})
    for sentence in found["says"]:
        say_one(args, {"seen": sentence})
    print()
    say(args, ("time", "address", "port", "verdict", *_kinds(found)), _moments(found))
    print()
    say(args, ("kind", "place", "verdict", "first", "last"), found["sources"])


def _kinds(found: dict[str, Any]) -> list[str]:
    return list(dict.fromkeys(kind for moment in found["moments"] for kind in moment["by"]))


def _moments(found: dict[str, Any]) -> list[dict[str, Any]]:
    return [moment | moment["by"] for moment in found["moments"]]
