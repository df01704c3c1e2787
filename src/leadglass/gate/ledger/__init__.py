"""The ledger: an append-only record of everything that was released, refused or administered.

Nothing leaves Leadglass before its entry is durable here (law 1). The ledger is a hash tree with signed checkpoints in
public formats, so that anybody with the public key can check a copy of it on another machine and would see any entry
changed, removed, moved or cut off. docs/formats/ledger.md describes every byte.
"""

from leadglass.gate.ledger.checkpoint import Checkpoint
from leadglass.gate.ledger.entry import Disclosed, Entry, Event, Outcome, in_parts
from leadglass.gate.ledger.episodes import Access, Episodes, EpisodeSettings, EpisodeUse
from leadglass.gate.ledger.key import SigningKey, VerifierKey
from leadglass.gate.ledger.log import Ledger
from leadglass.gate.ledger.pseudonym import Pseudonyms, patient_pseudonym
from leadglass.gate.ledger.report import Problem, Report, Verdict
from leadglass.gate.ledger.search import search
from leadglass.gate.ledger.settings import LedgerSettings
from leadglass.gate.ledger.summary import EpisodeState, EpisodeSummary, summarise
from leadglass.gate.ledger.verify import verify

__all__ = [
    "Access",
    "Checkpoint",
    "Disclosed",
    "Entry",
    "EpisodeSettings",
    "EpisodeState",
    "EpisodeSummary",
    "EpisodeUse",
    "Episodes",
    "Event",
    "Ledger",
    "LedgerSettings",
    "Outcome",
    "Problem",
    "Pseudonyms",
    "Report",
    "SigningKey",
    "Verdict",
    "VerifierKey",
    "in_parts",
    "patient_pseudonym",
    "search",
    "summarise",
    "verify",
]
