"""Keys: what turns the volumes from noise into images, and how they are lost on purpose.

    master key          one file, 0600; wraps everything below; rotates without rewriting objects
    ├── root secret     one per installation, in `keys/ring`; never changes; mother of the sub-keys, and the open test
    │   └── sub-keys    HKDF by label: the database's, the ledger's pseudonyms, people's codes and challenges
    └── study key       one per study, wrapped, kept by the index; destroying it shreds the study
        └── object key  one per object, wrapped in the record's header, never kept anywhere else

Start with `KeyRing.open(directory)`. A wrong master key is found there, before anything is served.
"""

from leadglass.store.keys.master import MasterKey
from leadglass.store.keys.ring import KeyRing
from leadglass.store.keys.study import StudyKey, WrappedKey
from leadglass.store.keys.subkey import SubKey

__all__ = ["KeyRing", "MasterKey", "StudyKey", "SubKey", "WrappedKey"]
