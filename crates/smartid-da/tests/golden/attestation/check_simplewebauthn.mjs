// Asks @simplewebauthn/server about every registration of this folder and adds its answers to verdicts.json.
//     npm install --prefix DIR @simplewebauthn/server && node check_simplewebauthn.mjs DIR
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const require = createRequire(join(process.argv[2], 'x.js'));
const { verifyRegistrationResponse, SettingsService } = await import(pathToFileURL(require.resolve('@simplewebauthn/server')));
const root = readFileSync(join(here, 'root.test.pem'), 'utf8');
for (const identifier of ['packed', 'fido-u2f', 'tpm', 'apple', 'android-key']) {
  SettingsService.setRootCertificates({ identifier, certificates: [root] });
}
const index = readFileSync(join(here, 'INDEX.toml'), 'utf8');
const verdicts = JSON.parse(readFileSync(join(here, 'verdicts.json'), 'utf8'));
for (const block of index.split('[[fixture]]').slice(1)) {
  const field = (name) => block.match(new RegExp(`^${name} = "(.*)"$`, 'm'))?.[1];
  if (field('kind') !== 'registration') continue;
  const file = field('file');
  const options = JSON.parse(readFileSync(join(here, field('options')), 'utf8'));
  let verdict = 'refused', why = '';
  try {
    const result = await verifyRegistrationResponse({
      response: JSON.parse(readFileSync(join(here, file), 'utf8')),
      expectedChallenge: options.challenge,
      expectedOrigin: 'https://' + options.rp.id,
      expectedRPID: options.rp.id,
      requireUserVerification: false,
      supportedAlgorithmIDs: options.pubKeyCredParams.map((p) => p.alg),
    });
    if (result.verified) verdict = 'verified'; else why = 'not verified';
  } catch (e) {
    why = String(e.message).split('\n')[0];
    if (/Unsupported Attestation Format|unexpected namedCurve|unexpected algorithm ID|Unexpected TPM attested name alg|Unexpected COSE|Could not map|not implemented/i.test(why) || file.startsWith('android-key-rs')) verdict = 'cannot';
  }
  verdicts[file].simplewebauthn = verdict;
  const check = field('check');
  if ((check === 'ok' && verdict !== 'verified') || (check === 'fails' && verdict === 'verified')) {
    console.log(file.slice(0, -18).padEnd(42), 'want', check.padEnd(12), verdict.padEnd(9), why);
  }
}
const sorted = Object.fromEntries(Object.entries(verdicts).map(([k, v]) => [k, Object.fromEntries(Object.entries(v).sort())]));
writeFileSync(join(here, 'verdicts.json'), JSON.stringify(sorted, null, 0).replaceAll('},"', '},\n"') + '\n');
