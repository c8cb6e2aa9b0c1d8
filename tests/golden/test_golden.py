"""Chosen columns of the example capture, line by line: a change of what is decoded shows as a diff.

`make golden` writes the files anew; their diff is reviewed like code.
"""

import json
import os
from pathlib import Path

import pytest

from mailscope.ingest.captures import read
from mailscope.store.formats import write_rows
from mailscope.store.write import whole_file
from tests.test_docs import ROOT

FOLDER = Path(__file__).parent / "smtp-over-connect"
CHOSEN = {
    "proxy_requests": "first_packet client_addr proxy_addr request_line target_host target_port reply_code inner_app",
    "mail_sessions": "first_packet client_addr server_addr protocol via helo commands reply_codes tls outcome oddities",
    "mail_transactions": "first_packet mail_from rcpt_to rcpt_codes final_code delivered ended_by",
    "messages": "first_packet transfer from_addrs subject message_id size_bytes body_sha256 truncated",
    "attachments": "first_packet name content_type magic size_bytes sha256",
    "logins": "first_packet client_addr server_addr service mechanism user success",
}


@pytest.fixture(scope="module")
def tables():
    return read(ROOT / "examples" / "link.pcap")


@pytest.mark.parametrize("table", CHOSEN)
def test_the_example_is_decoded_as_it_was(tables, table, tmp_path):
    columns = CHOSEN[table].split()
    selected = tables[table].to_pyarrow().select(columns).to_pylist()
    rows = sorted((tuple(row.values()) for row in selected), key=lambda row: (row[0], json.dumps(row, default=str)))
    path = (FOLDER if os.environ.get("GOLDEN") == "write" else tmp_path) / f"{table}.jsonl"
    path.parent.mkdir(exist_ok=True)
    with whole_file(path) as file:
        write_rows("ndjson", columns, rows, file)
    assert path.read_text("utf-8").splitlines() == (FOLDER / f"{table}.jsonl").read_text("utf-8").splitlines()
