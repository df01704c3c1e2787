"""Consent: the scope as a signed file, what it allows in plain words, and the warrant that a run carries.

document.py    the file as its owner writes it (docs/formats/scope.md); template.py writes a first one
signing.py     Ed25519, beside the file
ground.py      networks, exclusions and quiet hours laid out by address; quiet.py the hours
warrant.py     asked before every connection; refusal.py its no, with words
calling.py     how probes say who asks
explaining.py  the whole in plain words
"""

from leadglass.survey.scope.document import Authority, Caps, Pace, Rates, Scope, read_scope
from leadglass.survey.scope.ground import Ground, Resolve, ground_of
from leadglass.survey.scope.refusal import Refusal, Why
from leadglass.survey.scope.signing import Signature, Signed, SigningKey, sign, verify
from leadglass.survey.scope.warrant import Warrant

__all__ = [
    "Authority",
    "Caps",
    "Ground",
    "Pace",
    "Rates",
    "Refusal",
    "Resolve",
    "Scope",
    "Signature",
    "Signed",
    "SigningKey",
    "Warrant",
    "Why",
    "ground_of",
    "read_scope",
    "sign",
    "verify",
]
