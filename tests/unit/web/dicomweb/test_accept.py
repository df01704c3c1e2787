"""What the caller can take, and the best of what is offered."""

from __future__ import annotations

import pytest

from leadglass.terms.ceilings import MAX_ACCEPT, MAX_MEDIA_RANGES
from leadglass.terms.errors import PeerViolation
from leadglass.web.dicomweb.accept import MediaRange, Offer, acceptable, choose, parse_accept, transfer_syntaxes

EXPLICIT, JPEG, J2K = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.90"
PARTS = Offer("application/dicom", is_multipart=True, transfer_syntaxes=None)
SINGLE = Offer("application/dicom", transfer_syntaxes=None)
JSON = Offer("application/dicom+json")
FRAMES = Offer("image/jpeg", is_multipart=True, transfer_syntaxes=(JPEG,))
PNG, JPG = Offer("image/png"), Offer("image/jpeg")
EVERYTHING = (PARTS, SINGLE, JSON, FRAMES, PNG, JPG)


def chosen(header: str | None, *offered: Offer, query: tuple[str, ...] = ()) -> Offer | None:
    found = choose(parse_accept(header, query), offered or EVERYTHING)
    return found[0] if found else None


def wanted(header: str, offer: Offer = PARTS) -> tuple[tuple[str, ...], ...]:
    return transfer_syntaxes(parse_accept(header), offer)


@pytest.mark.parametrize("header", [None, "", " ", ",", "*/*", "*", "text/html, image/gif, *; q=.2, */*; q=.2"])
def test_whoever_takes_anything_gets_the_first_offer(header: str | None) -> None:
    assert chosen(header) is PARTS


@pytest.mark.parametrize(
    "header",
    [
        'multipart/related; type="application/dicom"',
        "multipart/related; type=application/dicom",
        "Multipart/Related;Type=Application/DICOM",
        'multipart/related; boundary=abc; type="application/dicom"',
        'multipart/related ;\ttype="application\\/dicom" ; transfer-syntax=*',
        "multipart/related",
        "multipart/*",
        'multipart/related; type="application/*"',
        'text/html;level="1,2", multipart/related; type="application/dicom";',
    ],
)
def test_a_multipart_range_asks_for_the_multipart_offer(header: str) -> None:
    assert chosen(header) is PARTS


def test_the_inner_type_must_agree() -> None:
    assert chosen('multipart/related; type="application/dicom+xml"') is None
    assert chosen('multipart/related; type="image/jpeg"') is FRAMES


def test_a_single_part_is_not_several_parts() -> None:
    assert chosen("application/dicom") is SINGLE
    assert chosen("application/dicom", PARTS) is None
    assert chosen('multipart/related; type="application/dicom"', SINGLE) is None


def test_weights_rule() -> None:
    assert chosen("image/png;q=0.5, image/jpeg;q=0.8") is JPG
    assert chosen("image/png;q=0.8, image/jpeg;q=0.5") is PNG
    assert chosen("image/*;q=0.9, image/jpeg;q=0.1", JPG, PNG) is PNG


def test_among_equal_weights_the_callers_order_rules_and_what_is_named_goes_before_a_wildcard() -> None:
    assert chosen("image/png, image/jpeg") is PNG
    assert chosen("image/jpeg, image/png") is JPG
    assert chosen("*/*, image/png") is PNG
    assert chosen('application/dicom, multipart/related; type="application/dicom"') is SINGLE


def test_a_weight_of_nothing_forbids() -> None:
    assert chosen("image/png;q=0, */*", PNG) is None
    assert chosen("image/png;q=0, */*", PNG, JPG) is JPG
    assert chosen("*/*;q=0") is None
    assert chosen(f"image/jpeg;transfer-syntax={JPEG};q=0, image/jpeg;transfer-syntax={JPEG}", JPG) is None


def test_a_transfer_syntax_that_cannot_be_had_does_not_match() -> None:
    assert chosen(f'multipart/related; type="image/jpeg"; transfer-syntax={JPEG}', FRAMES) is FRAMES
    assert chosen('multipart/related; type="image/jpeg"; transfer-syntax=*', FRAMES) is FRAMES
    assert chosen(f'multipart/related; type="image/jpeg"; transfer-syntax={J2K}', FRAMES) is None


def test_a_transfer_syntax_means_nothing_where_there_is_none() -> None:
    assert chosen(f"application/dicom+json; transfer-syntax={J2K}; charset=utf-8") is JSON


def test_which_transfer_syntaxes_are_asked_for() -> None:
    parts = 'multipart/related; type="application/dicom"'
    assert wanted(parts) == (("",),)
    assert wanted(f"{parts}; transfer-syntax=*") == (("*",),)
    assert wanted(f'{parts}; transfer-syntax="{J2K}"') == ((J2K,),)
    assert wanted(f"{parts}; transfer-syntax={J2K}, {parts}; transfer-syntax={EXPLICIT}") == ((J2K, EXPLICIT),)
    assert wanted(f"{parts}; transfer-syntax={J2K};q=0.5, {parts}; transfer-syntax={EXPLICIT}") == ((EXPLICIT,), (J2K,))
    assert wanted(f"{parts}; transfer-syntax={J2K};q=0, {parts}; transfer-syntax={EXPLICIT}") == ((EXPLICIT,),)
    assert wanted("image/png") == ()


def test_the_query_parameter_goes_first_and_the_header_second() -> None:
    assert chosen("image/jpeg", query=("image/png;q=0.1",)) is PNG
    assert chosen("image/jpeg", query=("image/gif",)) is JPG
    assert chosen("image/jpeg", query=("image/gif, image/png",)) is PNG
    assert chosen("image/gif", query=("image/webp",)) is None


def test_a_plus_that_became_a_space_on_its_way_is_a_plus() -> None:
    assert chosen(None, query=("application/dicom json",)) is JSON


def test_every_pair_that_will_do_is_told_the_best_first() -> None:
    pairs = acceptable(parse_accept("image/*;q=0.5, image/png"), [JPG, PNG])
    assert [(offer.media_type, r.q) for offer, r in pairs] == [("image/png", 1.0), ("image/jpeg", 0.5)]


def test_ranges_are_told_the_best_first() -> None:
    assert [r.type for r in parse_accept("a/a;q=0.1, b/b, c/c;q=0.001, d/d;q=1.000")] == ["b/b", "d/d", "a/a", "c/c"]
    assert parse_accept(None) == (MediaRange("*/*"),)


def test_quoted_values_may_hold_anything() -> None:
    (only,) = parse_accept(r'a/b; x="\"; q=0, c/d"; x=second; y=')
    assert only.parameters == {"x": '"; q=0, c/d', "y": ""}
    assert only.q == 1


@pytest.mark.parametrize(
    "header",
    [
        "image",
        "image/",
        "/png",
        "image/png image/jpeg",
        "image/png;q=2",
        "image/png;q=-1",
        "image/png;q=0.1234",
        "image/png;q=nan",
        "image/png;q=",
        "image/png;q=.",
        'image/png;a="open',
        "image/png;a",
        "image/png;=b",
        "<script>/x",
        'image/png;a=b"c',
        "im\0age/png",
        "изображение/png",
    ],
)
def test_nonsense_is_refused_without_being_repeated(header: str) -> None:
    with pytest.raises(PeerViolation) as refused:
        parse_accept(header)
    assert header not in str(refused.value)


@pytest.mark.parametrize("filler", [" ", ";", ",", 'a/b;c="', "\\", "; ", "a/b;c=d;"])
def test_ceilings(filler: str) -> None:
    long = filler * (MAX_ACCEPT + 1)
    with pytest.raises(PeerViolation):
        parse_accept(long[: MAX_ACCEPT + 1])
    with pytest.raises(PeerViolation):
        parse_accept("a/b", [long[:MAX_ACCEPT]])
    many = ", ".join(["a/b"] * MAX_MEDIA_RANGES)
    assert len(parse_accept(many)) == MAX_MEDIA_RANGES
    with pytest.raises(PeerViolation):
        parse_accept(many + ", a/b")


def test_a_list_as_long_as_may_be_is_read_once() -> None:
    """Nothing in it is tried over and over: ten thousand of the longest would otherwise stop the door."""
    for filler in (" ", ";", "; ", ',"', "a/b;c=", "a/b; c ; "):
        text = (filler * MAX_ACCEPT)[:MAX_ACCEPT]
        for _ in range(20):
            try:
                parse_accept("a/b" + text[3:])
            except PeerViolation:
                continue
