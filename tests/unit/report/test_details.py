"""What runs there, and what to do about it."""

from __future__ import annotations

from helpers.leaks import system
from leadglass.report.details import rules, software
from leadglass.report.judged import Judged
from leadglass.report.language import language
from leadglass.report.withholding import Overlapping
from leadglass.survey.finding import Confidence, Finding, Reality, Severity
from leadglass.survey.observation import Software


def test_advice_is_said_once_and_settings_by_product() -> None:
    general = "Let the firewall pass only your own devices. Ask who calls."
    texts = {
        "192.0.2.1": ("Orthanc", f"Set one thing. Set another. {general}"),
        "192.0.2.2": ("dcm4chee-arc", f"Switch it on. {general}"),
        "192.0.2.3": ("", general),
    }
    judged = [
        Judged(
            system=system(address, software=Software(product=product, version="1.0", version_before="2.0")),
            findings=(
                Finding(
                    rule="dicom-answers-strangers",
                    address=address,
                    port=104,
                    severity=Severity.CRITICAL,
                    confidence=Confidence(reality=Reality.REAL, reasons=()),
                    title="Anybody can list the patients",
                    what="It answers.",
                    advice=text,
                    observations=(1,),
                    evidence=(),
                ),
            ),
            confidence=Confidence(reality=Reality.REAL, reasons=()),
            grade="F",
        )
        for address, (product, text) in texts.items()
    ]
    (row,) = rules(judged, Overlapping(0), language("en"))
    assert row.advice == general
    assert row.settings == (("Orthanc", "Set one thing. Set another."), ("dcm4chee-arc", "Switch it on."))
    (alone,) = rules(judged[:1], Overlapping(0), language("en"))
    assert (alone.advice, alone.settings) == (f"Set one thing. Set another. {general}", ())


def test_a_version_that_is_only_bounded_is_not_named_as_one() -> None:
    judged = [
        Judged(
            system=system(software=Software(product="Orthanc", version="1.9.0", version_before="1.11.2")),
            findings=(),
            confidence=Confidence(reality=Reality.REAL, reasons=()),
            grade="F",
        )
    ]
    (cluster,) = software(judged, Overlapping(0), lambda _: (), language("en"))
    assert cluster.version == "1.9.0 or newer, before 1.11.2"


def test_what_few_run_is_not_told_where_small_cells_are_withheld() -> None:
    def running(product: str, count: int, first: int) -> list[Judged]:
        return [
            Judged(
                system=system(f"192.0.2.{first + n}", software=Software(product=product, version="1.0")),
                findings=(),
                confidence=Confidence(reality=Reality.REAL, reasons=()),
                grade="F",
            )
            for n in range(count)
        ]

    judged = running("Orthanc", 9, 1) + running("Rare", 2, 20) + running("Odd", 3, 30) + running("Seldom", 1, 40)
    found = software(judged, Overlapping(5), lambda _: (), language("en"))
    assert [(one.product, one.systems, one.is_rest) for one in found] == [("Orthanc", 9, False), ("", 6, True)]
    assert len(software(judged, Overlapping(0), lambda _: (), language("en"))) == 4
