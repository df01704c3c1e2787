"""The gate: the one chokepoint between everybody and the images.

Evidence becomes a principal, a principal and a study become a decision, a decision becomes a ledger entry, and only
then is anything released (law 1). If any of the four cannot answer, the answer is no (law 3).

    identity.py   who is calling: certificate, user identity item, bearer token, AE title with source network
    devices.py    ... judged for enrolled devices (pure)
    passwords.py  ... local accounts: argon2 in a bounded pool; lockout.py lets guessed accounts rest
    tokens.py     ... opaque API tokens `lgt_<id>_<secret>`
    oidc/         ... JWTs of the configured OpenID provider
    grants.py     what a grant is
    policy.py     judge one study, or a visibility for a list; they always agree (pure)
    accounts.py   devices, users, tokens and grants as they stand in the index
    enrolment/    the built-in CA: certificates for devices and for the TLS doors
    ledger/       the append-only record of all of it
    refusals.py   floods of refusals, counted exactly and written sparingly
    door.py       `Gate`, the one facade that doors and deeds use

The judging parts see only `terms` and `dicom`. Only the gate and the app write the ledger.
"""
