"""Google's Tink as an independent oracle for the objects' encryption: its own keysets, streams and parameters."""

from __future__ import annotations

import io

import tink
from tink import proto_keyset_format, secret_key_access, streaming_aead
from tink.proto import aes_gcm_hkdf_streaming_pb2, common_pb2, tink_pb2

_TYPE = "type.googleapis.com/google.crypto.tink.AesGcmHkdfStreamingKey"


def _primitive(raw_key: bytes) -> streaming_aead.StreamingAead:
    """Tink's AES256_GCM_HKDF_1MB, holding `raw_key`."""
    streaming_aead.register()
    template = streaming_aead.streaming_aead_key_templates.AES256_GCM_HKDF_1MB
    key_format = aes_gcm_hkdf_streaming_pb2.AesGcmHkdfStreamingKeyFormat.FromString(template.value)
    assert template.type_url == _TYPE
    assert key_format.params.hkdf_hash_type == common_pb2.SHA256
    key = aes_gcm_hkdf_streaming_pb2.AesGcmHkdfStreamingKey(params=key_format.params, key_value=raw_key)
    keyset = tink_pb2.Keyset(primary_key_id=1)
    entry = keyset.key.add(key_id=1, status=tink_pb2.ENABLED, output_prefix_type=tink_pb2.RAW)
    entry.key_data.type_url = _TYPE
    entry.key_data.value = key.SerializeToString()
    entry.key_data.key_material_type = tink_pb2.KeyData.SYMMETRIC
    handle: tink.KeysetHandle = proto_keyset_format.parse(keyset.SerializeToString(), secret_key_access.TOKEN)
    return handle.primitive(streaming_aead.StreamingAead)


class _Kept(io.BytesIO):
    """Tink closes what it writes to; keep the bytes."""

    content = b""

    def close(self) -> None:
        if not self.closed:
            self.content = self.getvalue()
        super().close()


def encrypt(raw_key: bytes, associated_data: bytes, plaintext: bytes) -> bytes:
    """The stream that Tink makes of `plaintext`."""
    target = _Kept()
    with _primitive(raw_key).new_encrypting_stream(target, associated_data) as stream:
        stream.write(plaintext)
    return target.content


def decrypt(raw_key: bytes, associated_data: bytes, ciphertext: bytes) -> bytes:
    """What Tink reads from the stream `ciphertext`; tink.TinkError if it does not hold."""
    with _primitive(raw_key).new_decrypting_stream(io.BytesIO(ciphertext), associated_data) as stream:
        plaintext: bytes = stream.read()
        return plaintext
