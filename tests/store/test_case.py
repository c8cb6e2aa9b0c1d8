"""What a case folder is, and what it is not."""

import json

import pytest
from tests.fixtures.cases import make_case

from mailscope.errors import StoreError
from mailscope.store.case import Case


def test_a_case_is_opened_by_its_folder(tmp_path):
    make_case(tmp_path / "case", logins=[{"user": "info"}])
    case = Case.open(str(tmp_path / "case"))
    assert len(case["logins"]) == 1
    assert case.inputs[0]["name"] == "a.pcap"
    assert case.manifest["mailscope"] == "0"


def test_a_folder_without_manifest_is_no_case(tmp_path):
    with pytest.raises(StoreError, match="no case folder"):
        Case.open(tmp_path)


@pytest.mark.parametrize("manifest", ["", "[]", "{", '{"format": 99, "inputs": []}', '{"inputs": []}'])
def test_a_manifest_that_is_damaged_or_newer_is_refused(tmp_path, manifest):
    make_case(tmp_path / "case")
    (tmp_path / "case" / "case.json").write_text(manifest)
    with pytest.raises(StoreError):
        Case.open(tmp_path / "case")


def test_the_manifest_is_whole_json_with_the_facts_given(tmp_path):
    case = make_case(tmp_path / "case")
    assert json.loads((case.path / "case.json").read_text()) == case.manifest
