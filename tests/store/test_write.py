"""A file is there whole or not at all."""

import pytest

from mailscope.store.write import whole_file, write_text


def test_a_file_takes_its_name_when_it_is_whole(tmp_path):
    with whole_file(tmp_path / "a.txt") as file:
        file.write("one")
        assert not (tmp_path / "a.txt").exists()
    assert (tmp_path / "a.txt").read_text() == "one"


def test_an_interrupted_file_leaves_nothing_and_keeps_the_old_one(tmp_path):
    write_text(tmp_path / "a.txt", "old")

    def interrupted():
        with whole_file(tmp_path / "a.txt") as file:
            file.write("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    assert (tmp_path / "a.txt").read_text() == "old"
