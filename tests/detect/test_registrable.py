from mailscope.detect.registrable import label_of, registrable, suffix_of


def test_the_registered_part_of_a_host_is_told_by_the_public_suffix_list():
    assert registrable("www.Login.bank.co.uk.") == "bank.co.uk"
    assert (label_of("mail.bank.co.uk"), suffix_of("mail.bank.co.uk")) == ("bank", "co.uk")


def test_addresses_and_names_without_a_suffix_stay_whole():
    assert registrable("192.0.2.1") == "192.0.2.1"
    assert registrable("2001:db8::1") == "2001:db8::1"
    assert registrable("a.b.invalidtld") == "b.invalidtld"
