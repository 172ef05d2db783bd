// A headless Chromium with a virtual authenticator, driven line by line, so that a test can have a real browser's own output.
//
//     node tests/peers/browser.mjs [chromium]
//
// Commands are JSON objects, one a line, on standard input; each is answered by one line on standard output.
//   {"do": "open", "url": "https://login.example.test/"}    the page the ceremonies run on; every https host leads to this program
//   {"do": "authenticator", "is": {...}}                    VirtualAuthenticatorOptions of the DevTools protocol; replaces the one before
//   {"do": "create", "options": "<JSON text>"}              navigator.credentials.create(); the text is what the page is handed
//   {"do": "get", "options": "<JSON text>"}                 navigator.credentials.get()
//   {"do": "about"}                                         the browser's version, and which methods it has
// A ceremony answers {"toJSON": "<text>", "byHand": "<text>"}, the exact texts of JSON.stringify(credential.toJSON()) and of the form that
// pages wrote by hand before there was toJSON(); or {"error": "<DOMException name>", "message": "..."}. No registry packages are used:
// the protocol is spoken over two pipes.
import { spawn, execFileSync } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as plain } from 'node:http';
import { createServer as tls } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const program = process.argv[2] ?? process.env.SMARTID_CHROMIUM ?? 'chromium';
const folder = mkdtempSync(join(tmpdir(), 'smartid-browser-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

// A certificate for the page. WebAuthn refuses pages whose certificate is wrong, so the browser is told this one key to let pass.
const [key, cert] = ['key.pem', 'cert.pem'].map((name) => join(folder, name));
execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-keyout', key,
  '-out', cert, '-subj', '/CN=login.example.test', '-addext', 'subjectAltName=DNS:login.example.test,DNS:*.example.test,DNS:localhost'],
{ stdio: 'ignore' });
const spki = new X509Certificate(readFileSync(cert)).publicKey.export({ type: 'spki', format: 'der' });
const pin = createHash('sha256').update(spki).digest('base64');

const page = (_, answer) => answer.setHeader('content-type', 'text/html').end('<!doctype html><title>ceremony</title><p>ceremony');
const listen = (server) => new Promise((done) => server.listen(0, '127.0.0.1', () => done(server.address().port)));
const httpPort = await listen(plain(page));
const httpsPort = await listen(tls({ key: readFileSync(key), cert: readFileSync(cert) }, page));

const browser = spawn(program, ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync', '--remote-debugging-pipe',
  `--user-data-dir=${join(folder, 'profile')}`, `--ignore-certificate-errors-spki-list=${pin}`,
  `--host-resolver-rules=MAP *:443 127.0.0.1:${httpsPort}, MAP localhost 127.0.0.1, MAP * ~NOTFOUND`, 'about:blank'],
{ stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'] });
let complaint = '';
browser.stderr.on('data', (text) => { complaint = (complaint + text).slice(-4000); });
browser.on('error', (problem) => fail(`${program}: ${problem.message}`));
browser.on('close', (code, signal) => fail(`${program} has ended (${code ?? signal}); its last words:\n${complaint}`));
for (const pipe of [browser.stdio[3], browser.stdio[4]]) pipe.on('error', () => {});

function fail(message) {
  if (ending) return;
  process.stderr.write(`browser.mjs: ${message}\n`);
  process.exit(1);
}

// The DevTools protocol over the pipes: JSON messages, each ended by a zero octet.
let ending = false, counter = 0, rest = Buffer.alloc(0);
const waiting = new Map(), events = new Map();
browser.stdio[4].on('data', (chunk) => {
  rest = Buffer.concat([rest, chunk]);
  for (let end; (end = rest.indexOf(0)) >= 0; rest = rest.subarray(end + 1)) {
    const message = JSON.parse(rest.subarray(0, end).toString());
    if (message.id) waiting.get(message.id)?.(message);
    else events.get(message.method)?.(message.params);
  }
});
function call(method, params = {}, sessionId = session) {
  const id = ++counter;
  browser.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
  return new Promise((done, refuse) => waiting.set(id, ({ result, error }) => {
    waiting.delete(id);
    if (error) refuse(new Error(`${method}: ${error.message}`));
    else done(result);
  }));
}
let session;
const { targetInfos } = await call('Target.getTargets');
const { targetId } = targetInfos.find(({ type }) => type === 'page');
({ sessionId: session } = await call('Target.attachToTarget', { targetId, flatten: true }));
await call('Page.enable');
await call('WebAuthn.enable');

// Runs in the page.
async function ceremony(kind, text, newForm) {
  const bytes = (value) => Uint8Array.from(atob(value.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
  const text64 = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
  const options = JSON.parse(text);
  const given = options.publicKey ?? options;
  let publicKey;
  if (newForm) {
    publicKey = kind === 'create' ? PublicKeyCredential.parseCreationOptionsFromJSON(given) : PublicKeyCredential.parseRequestOptionsFromJSON(given);
  } else {
    publicKey = { ...given, challenge: bytes(given.challenge) };
    if (given.user) publicKey.user = { ...given.user, id: bytes(given.user.id) };
    for (const list of ['excludeCredentials', 'allowCredentials']) {
      if (given[list]) publicKey[list] = given[list].map((one) => ({ ...one, id: bytes(one.id) }));
    }
  }
  try {
    const made = await navigator.credentials[kind]({ publicKey });
    const { response } = made;
    const byHand = {
      id: made.id,
      rawId: text64(made.rawId),
      type: made.type,
      authenticatorAttachment: made.authenticatorAttachment,
      response: { clientDataJSON: text64(response.clientDataJSON) },
      clientExtensionResults: made.getClientExtensionResults(),
    };
    if (kind === 'create') {
      Object.assign(byHand.response, {
        attestationObject: text64(response.attestationObject),
        transports: response.getTransports(),
      });
    } else {
      Object.assign(byHand.response, {
        authenticatorData: text64(response.authenticatorData),
        signature: text64(response.signature),
        userHandle: response.userHandle && text64(response.userHandle),
      });
    }
    return { toJSON: JSON.stringify(made.toJSON()), byHand: JSON.stringify(byHand) };
  } catch (problem) {
    return { error: problem.name, message: problem.message };
  }
}

async function evaluate(expression) {
  const { result, exceptionDetails } = await call('Runtime.evaluate', {
    expression, awaitPromise: true, returnByValue: true, userGesture: true,
  });
  if (exceptionDetails) {
    return { error: exceptionDetails.exception?.className ?? 'Error', message: exceptionDetails.exception?.description ?? exceptionDetails.text };
  }
  return result.value;
}

let authenticator;
const commands = {
  async open({ url }) {
    const loaded = new Promise((done) => events.set('Page.loadEventFired', done));
    const { errorText } = await call('Page.navigate', { url: url.replace('http://localhost/', `http://localhost:${httpPort}/`) });
    if (errorText) throw new Error(`${url}: ${errorText}`);
    await loaded;
    return await evaluate('({ origin: location.origin, secure: isSecureContext })');
  },
  async authenticator({ is }) {
    if (authenticator) await call('WebAuthn.removeVirtualAuthenticator', { authenticatorId: authenticator });
    authenticator = undefined;
    ({ authenticatorId: authenticator } = await call('WebAuthn.addVirtualAuthenticator', { options: is }));
    return { authenticator };
  },
  create: ({ options, form }) => evaluate(`(${ceremony})('create', ${JSON.stringify(options)}, ${form !== 'hand'})`),
  get: ({ options, form }) => evaluate(`(${ceremony})('get', ${JSON.stringify(options)}, ${form !== 'hand'})`),
  async about() {
    const { product } = await call('Browser.getVersion', {}, undefined);
    const has = await evaluate(`({ toJSON: 'toJSON' in PublicKeyCredential.prototype,
      parseCreationOptionsFromJSON: 'parseCreationOptionsFromJSON' in PublicKeyCredential })`);
    return { product, ...has };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  let answer;
  try {
    answer = await commands[command.do](command);
  } catch (problem) {
    answer = { failed: String(problem.message ?? problem) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
ending = true;
browser.on('exit', () => process.exit(0));
await call('Browser.close', {}, undefined).catch(() => process.exit(0));
