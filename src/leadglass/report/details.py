"""Software, single leaks and findings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final, TypeAlias

from leadglass.report.geography import country_name
from leadglass.report.judged import Judged, KnownFlaws
from leadglass.report.language import Language
from leadglass.report.model import NOT_MEASURED, Figure, Leak, RuleRow, Shown, SoftwareCluster
from leadglass.report.pictures import by_size, kinds_of
from leadglass.report.withholding import Overlapping
from leadglass.report.words import SEVERITY_WORDS, one_line
from leadglass.survey.finding import Finding
from leadglass.survey.observation import Act, Software, Verdict

__all__ = ["findings", "leaks", "rules", "software", "software_name", "system_numbers"]


_Runs: TypeAlias = tuple[str, str, str]
_FEW: Final[_Runs] = ("", "few", "")  # no version without a product: nothing else is called that


def software(
    judged: Sequence[Judged], beside: Overlapping, known_flaws: KnownFlaws, say: Language
) -> tuple[SoftwareCluster, ...]:
    """Systems by what they run, most first; what is unknown last. Where small cells are withheld, all that few run is
    one row."""
    groups: defaultdict[_Runs, list[Judged]] = defaultdict(list)
    for one in judged:
        if one.counts:
            groups[_runs(one.system.software, say)].append(one)
    for key in [key for key, group in groups.items() if key != _FEW and len(group) < beside.least]:
        groups[_FEW] += groups.pop(key)
    keys = sorted(groups, key=lambda key: (key == _FEW, not any(key), -len(groups[key]), key))
    systems = beside.column([len(groups[key]) for key in keys])
    opened = beside.column([sum(one.leaks for one in groups[key]) for key in keys])
    found = [_cluster(key, groups[key], systems[index], opened[index], known_flaws) for index, key in enumerate(keys)]
    return tuple(
        sorted(
            found,
            key=lambda one: (
                one.is_rest,
                not one.product and not one.toolkit,
                by_size(one.systems, software_name(one, say)),
            ),
        )
    )


def software_name(one: SoftwareCluster, say: Language) -> str:
    """As people say it: "Orthanc 1.12.3", or what can honestly be said."""
    if one.is_rest:
        return say("software.rest")
    if one.product:
        return f"{one.product} {one.version}".strip()
    return say("software.toolkit_only", toolkit=one.toolkit) if one.toolkit else say("software.unknown")


def _runs(software: Software, say: Language) -> _Runs:
    return one_line(software.product), one_line(_version(software, say)), one_line(software.toolkit)


def _cluster(
    key: _Runs, group: Sequence[Judged], systems: Figure, opened: Figure, known_flaws: KnownFlaws
) -> SoftwareCluster:
    if key == _FEW:
        return SoftwareCluster(is_rest=True, systems=systems, open_systems=opened)
    return SoftwareCluster(
        product=key[0],
        version=key[1],
        toolkit=key[2],
        systems=systems,
        open_systems=opened,
        is_end_of_life=any(one.system.software.is_end_of_life for one in group),
        cves=tuple(known_flaws(_fullest(group))),
    )


def _fullest(group: Sequence[Judged]) -> Software:
    return max((one.system.software for one in group), key=lambda s: len(s.version_before))


def system_numbers(judged: Sequence[Judged]) -> dict[str, int]:
    """A number for each address, by what it leaks: its name where addresses are not shown."""
    ranked = sorted(judged, key=lambda one: (not one.leaks, -one.system.records, -one.system.images_linked))
    return {one.system.address: number for number, one in enumerate(ranked, 1)}


def leaks(
    judged: Sequence[Judged], numbers: dict[str, int], shown: Shown, say: Language, *, measured: bool
) -> tuple[Leak, ...]:
    """Open systems, most records first; none where single systems may not be listed."""
    if not shown.lists_systems:
        return ()
    found = [_leak(one, numbers[one.system.address], shown, measured, say) for one in judged if one.leaks]
    return tuple(sorted(found, key=lambda leak: leak.number))


def _leak(one: Judged, number: int, shown: Shown, measured: bool, say: Language) -> Leak:
    system, place = one.system, one.system.place

    def volume(value: int, *, is_counted: bool) -> Figure:
        return value if measured and is_counted else NOT_MEASURED

    return Leak(
        number=number,
        address="" if shown.hides_addresses else system.address,
        ports=tuple(sorted({o.target.port for o in system.observations if _is_open(o.sighting.tries)})),
        organisation="" if shown.hides_organisations else one_line(place.organisation),
        country=place.country,
        country_name=country_name(place.country, say),
        state=one_line(place.state),
        software=_named(system.software, say),
        is_archive=system.is_open_archive,
        records=volume(system.records, is_counted=system.has_records_counted),
        images_linked=volume(system.images_linked, is_counted=system.has_images_counted),
        images_accessible=volume(system.images_accessible, is_counted=system.has_images_counted),
        is_at_least=system.is_at_least,
        rung=say(f"rung.{int(system.rung)}"),
        grade=one.grade,
        reality=one.confidence.reality,
        kinds=kinds_of(system),
        as_number=0 if shown.hides_addresses else place.as_number,
        seen_at=max(o.seen_at for o in system.observations),
    )


def _is_open(tries: Iterable[object]) -> bool:
    inside = {Act.QUERY, Act.WORKLIST, Act.LIST, Act.RETRIEVE}
    return any(getattr(t, "act", None) in inside and getattr(t, "verdict", None) is Verdict.OPEN for t in tries)


def _version(runs: Software, say: Language) -> str:
    """The version, or from which to which one it may be."""
    if not runs.version_before:
        return runs.version
    return say("software.version_between", version=runs.version, before=runs.version_before)


def _named(runs: Software, say: Language) -> str:
    if runs.product:
        return one_line(f"{runs.product} {_version(runs, say)}")
    return say("software.toolkit", toolkit=one_line(runs.toolkit)) if runs.toolkit else say("software.unknown")


def rules(judged: Sequence[Judged], beside: Overlapping, say: Language) -> tuple[RuleRow, ...]:
    """Findings by rule, the worst first, then the most frequent. `beside`: what is shown already."""
    by_rule: defaultdict[str, list[Finding]] = defaultdict(list)
    products: dict[int, str] = {}
    for one in judged:
        if one.counts:
            for finding in one.findings:
                by_rule[finding.rule].append(finding)
                products[id(finding)] = _product(one, finding)

    counts = {rule: len({finding.address for finding in found}) for rule, found in by_rule.items()}
    shown = {rule: beside.shown(counts[rule]) for rule in sorted(counts, key=lambda rule: (-counts[rule], rule))}

    def weight(rule: str) -> tuple[int, tuple[bool, int, str]]:
        return -max(f.severity for f in by_rule[rule]), by_size(shown[rule], rule)

    return tuple(_rule(rule, by_rule[rule], products, shown[rule], say) for rule in sorted(by_rule, key=weight))


def _product(one: Judged, finding: Finding) -> str:
    """Whose door it is about."""
    door = next((o for o in one.system.observations if o.target.port == finding.port), None)
    runs = one.system.software if door is None else one.system.software_at(door)
    return runs.product or runs.toolkit.rpartition(" ")[0]


def _rule(rule: str, found: Sequence[Finding], products: Mapping[int, str], systems: Figure, say: Language) -> RuleRow:
    worst = max(found, key=lambda finding: finding.severity)
    advised = {one_line(finding.advice): one_line(products[id(finding)]) for finding in found}
    advice = _common_end(list(advised))
    settings = {product: text.removesuffix(advice).strip() for text, product in advised.items()}
    return RuleRow(
        rule=rule,
        title=one_line(worst.title),
        severity=SEVERITY_WORDS[worst.severity],
        systems=systems,
        what=one_line(worst.what),
        advice=advice,
        settings=tuple(sorted((product or say("findings.other"), text) for product, text in settings.items() if text)),
        cves=tuple(sorted({cve for finding in found for cve in finding.cves})),
    )


def _common_end(texts: Sequence[str]) -> str:
    """The sentences that all of the texts end with."""
    sentences = [text.split(". ") for text in texts]
    shared = 0
    while all(len(one) > shared for one in sentences) and len({one[-1 - shared] for one in sentences}) == 1:
        shared += 1
    return ". ".join(sentences[0][len(sentences[0]) - shared :])


def findings(judged: Sequence[Judged], numbers: dict[str, int], shown: Shown) -> tuple[Finding, ...]:
    """Single findings of all systems, traps too (their confidence says so), in the order of the systems."""
    if not shown.lists_systems:
        return ()
    found = [(numbers[one.system.address], finding) for one in judged for finding in one.findings]
    found.sort(key=lambda pair: (pair[0], -pair[1].severity, pair[1].rule, pair[1].port))
    return tuple(
        replace(finding, address=f"system-{number}", evidence=(), observations=()) if shown.hides_addresses else finding
        for number, finding in found
    )
