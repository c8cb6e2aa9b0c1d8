import pytest
from tests.store.test_lake import records

from mailscope.store.delta_log import Gap, new_files
from mailscope.store.lake import Lake


def files_after(lake, version):
    return new_files(lake.place, version, lake.info()["version"])


@pytest.fixture
def lake(tmp_path):
    lake = Lake(tmp_path / "store")
    lake.place = tmp_path / "store" / "flow_records"
    for number in range(3):
        lake.append(records(7), app="one", number=number)
    return lake


def test_files_of_appends_are_told_once_and_those_of_compaction_never(lake):
    assert [file.records for file in files_after(lake, 0)] == [7, 7, 7]
    assert [file.records for file in files_after(lake, 2)] == [7]
    version = lake.info()["version"]
    lake.compact()
    assert files_after(lake, version) == []
    assert [file.records for file in files_after(lake, 1)] == [7, 7]


def test_files_that_are_gone_are_a_gap(lake):
    lake.compact()
    lake.prune(grace_hours=0)
    with pytest.raises(Gap):
        files_after(lake, 0)
