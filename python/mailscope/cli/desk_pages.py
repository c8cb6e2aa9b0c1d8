"""`mailscope cases page` and `mailscope desk page`: the desk as files that any browser shows, offline."""

import argparse
from pathlib import Path

from mailscope.cli.desk_arguments import add_desk_arguments, opened, say_one

PAGES_WRITTEN = 1000
"""Pages of open cases written beside the overview, the newest; the others have none."""


def case_arguments(parser: argparse.ArgumentParser) -> None:
    """What `cases page` takes."""
    parser.add_argument("case", type=int, metavar="N", help="number of the case")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="the page")
    _add_language(parser)
    add_desk_arguments(parser)


def desk_arguments(parser: argparse.ArgumentParser) -> None:
    """What `desk page` takes."""
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="folder for the pages")
    _add_language(parser)
    add_desk_arguments(parser)


def write_case(args: argparse.Namespace) -> int:
    """One case, one file."""
    from mailscope.desk.pages.case_page import case_page
    from mailscope.store.write import write_text

    _settings, desk = opened(args)
    with desk.transaction() as session:
        page = case_page(session, args.case, args.lang)
    write_text(args.output, page)
    say_one(args, {"page": str(args.output)})
    return 0


def write_desk(args: argparse.Namespace) -> int:
    """The overview, and a page for every open case."""
    from sqlalchemy import select

    from mailscope.desk.pages.case_page import case_page
    from mailscope.desk.pages.overview import overview
    from mailscope.desk.records import CaseRecord
    from mailscope.store.write import write_text

    settings, desk = opened(args)
    args.output.mkdir(parents=True, exist_ok=True)
    newest = select(CaseRecord.id).where(CaseRecord.state != "resolved").order_by(CaseRecord.id.desc())
    with desk.transaction() as session:
        numbers = list(session.scalars(newest.limit(PAGES_WRITTEN)))
        page = overview(session, settings.rules, args.lang, linked=frozenset(numbers))
    for number in numbers:
        with desk.transaction() as session:
            text = case_page(session, number, args.lang)
        write_text(args.output / f"case-{number}.html", text)
    write_text(args.output / "index.html", page)
    say_one(args, {"page": str(args.output / "index.html"), "cases": len(numbers)})
    return 0


def _add_language(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--lang", choices=("en", "zh"), default="en", help="language of the page; default: en")
