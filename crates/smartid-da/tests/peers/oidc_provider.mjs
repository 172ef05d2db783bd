// An OpenID provider that is not ours: oidc-provider from npm, over HTTPS on this machine.
//
// SMARTID_OIDC_PROVIDER names the folder in which node_modules is. Keys, certificates and clients come as JSON on standard input. The
// first line of standard output is the issuer; it ends when standard input does.
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const folder = process.env.SMARTID_OIDC_PROVIDER;
if (!folder) throw new Error('SMARTID_OIDC_PROVIDER is not set: it names the folder with node_modules');
const library = join(folder, 'node_modules', 'oidc-provider', 'lib', 'index.js');
const { default: Provider } = await import(pathToFileURL(library).href);

let text = '';
process.stdin.setEncoding('utf8');
while (!text.endsWith('\n')) text += (await once(process.stdin, 'data'))[0];
const given = JSON.parse(text);

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });

const server = createServer({
  key: createPrivateKey(given.server.key).export({ format: 'pem', type: 'pkcs8' }),
  cert: given.server.certificate,
  ca: given.ca,
  requestCert: true,
  rejectUnauthorized: false,
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const issuer = `https://localhost:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: given.clients,
  jwks: { keys: [{ ...rsa, kid: 'rsa' , use: 'sig' }, { ...ec, kid: 'ec', use: 'sig' }] },
  acrValues: ['urn:example:personal-mobile', 'urn:example:password'],
  claims: { openid: ['sub'], profile: ['name'], email: ['email'] },
  clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'tls_client_auth', 'self_signed_tls_client_auth'],
  cookies: { keys: ['only for this test'] },
  enabledJWA: { idTokenSigningAlgValues: ['RS256', 'ES256', 'PS256'] },
  features: {
    devInteractions: { enabled: false },
    mTLS: {
      enabled: true,
      tlsClientAuth: true,
      selfSignedTlsClientAuth: true,
      getCertificate: (ctx) => ctx.socket.getPeerX509Certificate(),
      certificateAuthorized: (ctx) => ctx.socket.authorized,
      certificateSubjectMatches: (ctx, property, expected) =>
        property === 'tls_client_auth_subject_dn' && ctx.socket.getPeerX509Certificate()?.subject === expected,
    },
  },
  findAccount: (ctx, id) => ({
    accountId: id,
    claims: () => ({ sub: id, name: 'Alice Exämple', email: 'alice@example.test' }),
  }),
  interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
  pkce: { required: () => true },
});

// A page with one form, which says yes as alice, or no.
async function interaction(request, response) {
  const details = await provider.interactionDetails(request, response);
  if (request.method === 'GET') {
    response.setHeader('content-type', 'text/html');
    response.end(`<form method="post"><p>${details.prompt.name}</p><button name="answer" value="yes">yes</button></form>`);
    return;
  }
  let body = '';
  for await (const part of request) body += part;
  if (new URLSearchParams(body).get('answer') !== 'yes') {
    const result = { error: 'access_denied', error_description: 'the user said no' };
    await provider.interactionFinished(request, response, result);
    return;
  }
  const { prompt, params, session } = details;
  if (prompt.name === 'login') {
    const [acr] = (params.acr_values ?? 'urn:example:password').split(' ');
    await provider.interactionFinished(request, response, { login: { accountId: 'alice', acr, amr: ['pwd'] } });
    return;
  }
  const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  grant.addOIDCScope(params.scope);
  const grantId = await grant.save();
  await provider.interactionFinished(request, response, { consent: { grantId } }, { mergeWithLastSubmission: true });
}

const callback = provider.callback();
server.on('request', (request, response) => {
  if (!request.url.startsWith('/interaction/')) {
    callback(request, response);
    return;
  }
  interaction(request, response).catch((error) => {
    console.error(error);
    response.statusCode = 500;
    response.end();
  });
});
console.log(issuer);
process.stdin.on('end', () => process.exit(0));
process.stdin.resume();
