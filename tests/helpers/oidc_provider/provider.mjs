// A real OpenID provider on loopback: client credentials in, signed JWT access tokens out (RFC 9068, RFC 8707).
//
//   node provider.mjs PORT
//
// The resource a client asks a token for says how it is made: urn:test:<audience>:<algorithm>:<seconds to live>.
// Every start has fresh keys, so a restart on the same port is a key rotation.

import { generateKeyPairSync, randomUUID } from 'node:crypto';

import { Provider } from 'oidc-provider';

const port = Number(process.argv[2]);
const roles = { viewer: ['clinician'], nobody: [] };

function signingKey(alg, type, options) {
  const { privateKey } = generateKeyPairSync(type, options);
  return { ...privateKey.export({ format: 'jwk' }), kid: randomUUID(), use: 'sig', alg };
}

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: Object.keys(roles).map((client_id) => ({
    client_id,
    client_secret: `${client_id}-secret`,
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
  })),
  jwks: {
    keys: [
      signingKey('RS256', 'rsa', { modulusLength: 2048 }),
      signingKey('PS256', 'rsa', { modulusLength: 2048 }),
      signingKey('ES256', 'ec', { namedCurve: 'P-256' }),
      signingKey('EdDSA', 'ed25519'),
    ],
  },
  enabledJWA: {
    clientAuthSigningAlgValues: ['RS256'],
    idTokenSigningAlgValues: ['RS256', 'PS256', 'ES256', 'EdDSA'],
    requestObjectSigningAlgValues: ['RS256'],
    introspectionSigningAlgValues: ['RS256'],
    userinfoSigningAlgValues: ['RS256'],
    authorizationSigningAlgValues: ['RS256'],
  },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo(ctx, resource) {
        const [, , audience, alg, ttl] = resource.split(':');
        return {
          scope: '',
          audience,
          accessTokenFormat: 'jwt',
          accessTokenTTL: Number(ttl),
          jwt: { sign: { alg } },
        };
      },
    },
  },
  extraTokenClaims: (ctx, token) => ({ roles: roles[token.clientId], groups: ['radiology'] }),
});

provider.listen(port, '127.0.0.1');
