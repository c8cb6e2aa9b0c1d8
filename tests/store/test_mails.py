"""Kept mails become files whose names are ours."""

import pytest
from tests.fixtures.cases import FLOW, make_case

from mailscope.errors import StoreError
from mailscope.store.mails import write_mails

HOSTILE = {"subject": "../../etc/passwd", "session_id": f"{FLOW}/0", "message": 1, "raw": b"Subject: ../x\r\n\r\nhello"}


def test_mails_are_written_as_they_were(tmp_path):
    case = make_case(tmp_path / "case", messages=[HOSTILE, {**HOSTILE, "message": 2}])
    paths = list(write_mails(case, tmp_path / "mails"))
    assert [path.name for path in paths] == [f"{FLOW}-0-0001.eml", f"{FLOW}-0-0002.eml"]
    assert paths[0].read_bytes() == HOSTILE["raw"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["case", "mails"]


@pytest.mark.parametrize("session_id", ["../../x", f"{FLOW}/0/../../x", f"{FLOW}/0\n", "", f"/{FLOW}/0"])
def test_a_session_id_that_is_not_ours_becomes_no_path(tmp_path, session_id):
    case = make_case(tmp_path / "case", messages=[{**HOSTILE, "session_id": session_id}])
    with pytest.raises(StoreError):
        list(write_mails(case, tmp_path / "mails"))
    assert not (tmp_path / "mails").exists()


def test_a_file_that_is_there_is_kept(tmp_path):
    case = make_case(tmp_path / "case", messages=[HOSTILE])
    list(write_mails(case, tmp_path / "mails"))
    with pytest.raises(StoreError, match="there already"):
        list(write_mails(case, tmp_path / "mails"))


def test_a_case_without_kept_mails_says_so(tmp_path):
    case = make_case(tmp_path / "case", messages=[{**HOSTILE, "raw": None}])
    with pytest.raises(StoreError) as caught:
        list(write_mails(case, tmp_path / "mails"))
    assert "--keep-messages" in (caught.value.hint or "")
