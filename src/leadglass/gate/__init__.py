"""The gate: the one chokepoint between everybody and the images.

Evidence becomes a principal, a principal and a study become a decision, a decision becomes a ledger entry, and only
then is anything released (law 1). If any of the four cannot answer, the answer is no (law 3).

Who is calling:

    identity.py      evidence to principal: certificate, user identity item, bearer token, AE title with network
    devices.py       ... enrolled devices (pure)
    account.py       ... local accounts (pure); passwords.py argon2 in a bounded pool; lockout.py lets guesses rest
    tokens.py        ... opaque API tokens `lgt_<id>_<secret>`
    oidc/            ... JWTs of the configured OpenID provider
    sessions.py      ... sessions at the console
    machine.py       ... the administrator at the machine itself
    capabilities.py  what each way of signing in may do at all (a table)

People at the console (people.py is their facade):

    invitations.py   one-time links; enrolling.py what they are good for
    signing_in.py    password with code, or passkey; codes.py, passkeys.py and challenges.py judge each

May they:

    grants.py        what a grant is
    policy.py        judge one study, or a visibility for a list; they always agree (pure)
    standing.py      is the principal still one of ours, and which grants does it hold (pure)

Kept in the index:

    accounts.py      reads devices, accounts, tokens and grants, as of now; kept.py and revision.py make that cheap
    registry.py      adds and revokes them; rows.py is both spellings of them; selectors.py the one people write
    enrolment/       the built-in CA: certificates for devices and for the TLS doors

Written down:

    ledger/          the append-only record of all of it
    writing.py       entries about a principal
    looking.py       reading it: who may, and what they see; looks.py who looked at a study
    refusals.py      floods of refusals, counted exactly and written sparingly

    door.py          `Gate`, the one facade that doors and deeds use

Only the gate and the app write the ledger. docs/decisions/0010-who-is-calling.md and 0027-people-sign-in.md
say why things are as they are.
"""
