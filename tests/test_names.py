"""The public names are there, and say what they are."""

import pytest

import mailscope


@pytest.mark.parametrize("name", mailscope.__all__)
def test_every_public_name_loads_and_is_documented(name):
    assert getattr(mailscope, name).__doc__


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="inspect"):
        _ = mailscope.inspect
