// @simplewebauthn/server on registrations of ours: the same JSON lines, and the same judgement, as crates/smartid-sim/tests/peers/verify_registration.py.
//
//     npm ci --prefix DIR    (with package.json and package-lock.json of this folder in DIR)
//     cargo run -q -p smartid-sim -- sample-registrations | node tests/peers/verify_simplewebauthn.mjs DIR 22
//
// The arguments: where the modules are, how many registrations must come, and how many hostile copies (lines with "expect": "refused").
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const [folder, ...expected] = process.argv.slice(2);
const require = createRequire(join(resolve(folder), 'x.js'));
const { verifyRegistrationResponse, verifyAuthenticationResponse, SettingsService } = await import(pathToFileURL(require.resolve('@simplewebauthn/server')));

async function verify(sample) {
  for (const identifier of ['packed', 'fido-u2f']) {
    SettingsService.setRootCertificates({ identifier, certificates: sample.caPem ? [sample.caPem] : [] });
  }
  const common = { expectedOrigin: sample.origin, expectedRPID: sample.rpId };
  const requireUserVerification = sample.options.authenticatorSelection?.userVerification === 'required';
  const made = await verifyRegistrationResponse({
    ...common,
    response: sample.registration,
    expectedChallenge: sample.options.challenge,
    requireUserVerification,
    supportedAlgorithmIDs: [sample.algorithm],
  });
  if (!made.verified) throw new Error('not verified');
  if (sample.assertion) {
    const used = await verifyAuthenticationResponse({
      ...common,
      response: sample.assertion,
      expectedChallenge: sample.assertionOptions.challenge,
      requireUserVerification,
      credential: made.registrationInfo.credential,
    });
    if (!used.verified) throw new Error('the login is not verified');
  }
  return made.registrationInfo.fmt;
}

const count = { registrations: 0, hostile: 0, verified: 0, failures: 0 };
for await (const line of createInterface({ input: process.stdin })) {
  if (!line.trim()) continue;
  const sample = JSON.parse(line);
  const hostile = sample.expect === 'refused';
  count[hostile ? 'hostile' : 'registrations'] += 1;
  const name = `alg ${sample.algorithm} ${sample.attestation} ${sample.name ?? ''}`.trim();
  let format, problem;
  try {
    format = await verify(sample);
  } catch (error) {
    problem = String(error.message).split('\n')[0];
  }
  if (hostile && problem === undefined) {
    count.failures += 1;
    console.log(`${name} simplewebauthn ACCEPTED, should be refused`);
  } else if (!hostile && problem !== undefined) {
    count.failures += 1;
    console.log(`${name} simplewebauthn REFUSED  ${problem}`);
  } else if (!hostile) {
    count.verified += 1;
    console.log(`${name} simplewebauthn ok       ${format}`);
  }
}
console.log(`simplewebauthn: ${count.verified} verified`);
console.log(`${count.registrations} registrations, ${count.hostile} hostile copies, ${count.failures} failures`);
const came = [count.registrations, count.hostile];
const missing = expected.some((number, index) => Number(number) !== came[index]);
if (missing) console.log(`expected ${expected}`);
process.exit(missing || count.failures || !count.registrations ? 1 : 0);
