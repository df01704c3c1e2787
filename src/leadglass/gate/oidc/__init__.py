"""JWTs of the hospital's OpenID provider (OpenID Connect Discovery 1.0, RFC 7519, RFC 8725, RFC 9068).

settings.py   which issuer, which audience, which claim means which role
keys.py       the issuer's public keys: fetched, kept for a while, fetched again when a new key appears
claims.py     what a verified token says: dates, audience, roles (pure)
verifier.py   `OidcVerifier`: token in, principal or refusal out
"""
