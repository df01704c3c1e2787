"""What an archive does: deeds on the store, the same ones for every door.

A deed is an async function over a few ports (`Archive`): `storing`, `finding`, `retrieving`, `committing`,
`deleting`. Each one asks the gate, obeys it, and lets nothing out before the ledger has it. Deeds know nothing of
protocols; `dimse/` translates DIMSE messages into deeds and their outcomes into statuses.
"""
