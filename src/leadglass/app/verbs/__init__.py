"""What an administrator can do. Each verb is one async function of the house; its answer is plain data.

The command line runs a verb through the control socket if a server is running in the home, and on a house it opens
itself if not: the same function either way. A verb that changes anything writes the ledger entry of it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from leadglass.app.control import Progress
from leadglass.app.house import House
from leadglass.app.verbs import devices, grants, keys, ledger, store, studies, tokens, users
from leadglass.terms.errors import UserFault

__all__ = ["perform"]

Verb = Callable[..., Awaitable[Any]]

_VERBS: Final[dict[str, Verb]] = {
    "device add": devices.add,
    "device list": devices.list_all,
    "device revoke": devices.revoke,
    "user add": users.add,
    "user list": users.list_all,
    "user disable": users.disable,
    "user invite": users.invite,
    "user reset-factor": users.reset_factor,
    "user passcode": users.change_passcode,
    "token create": tokens.create,
    "token list": tokens.list_all,
    "token revoke": tokens.revoke,
    "grant add": grants.add,
    "grant list": grants.list_all,
    "grant revoke": grants.revoke,
    "studies": studies.list_all,
    "study delete": studies.delete,
    "key rotate": keys.rotate,
    "store check": store.check,
    "ledger show": ledger.show,
}


async def perform(house: House, verb: str, arguments: dict[str, Any], progress: Progress) -> Any:
    """The verb's answer, as data that JSON can carry. UserFault if there is no such verb."""
    function = _VERBS.get(verb)
    if function is None:
        raise UserFault(f"the running server does not know {verb!r}", "Is it an older version? Restart it.")
    return await function(house, progress, **arguments)
