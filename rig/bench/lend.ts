import assert from 'node:assert/strict';
import type { RunReport } from '../../src/apply/report.ts';
import type { Proofs } from '../../src/proof/proof.ts';
import type { GuestName } from '../guest/guests.ts';
import type { CardName } from '../machine/shape.ts';
import type { Bench, VfioctlResult } from './bench.ts';
import type { GuestAtHand } from './guest-at-hand.ts';

/** The exit code, with all that was said when it is another. */
export function exitIs(result: VfioctlResult, code: number): void {
  assert.equal(result.code, code, `exit ${result.code}, expected ${code}:\n${result.said.trim()}`);
}

/** A refusal: exit 3, and every one of the words said somewhere. */
export function refusedWith(result: VfioctlResult, ...words: (string | RegExp)[]): void {
  exitIs(result, 3);
  for (const word of words) {
    const said = typeof word === 'string' ? result.said.includes(word) : word.test(result.said);
    assert.ok(said, `the refusal does not say ${word}:\n${result.said.trim()}`);
  }
}

export function runReport(result: VfioctlResult): RunReport {
  const report = result.json() as RunReport;
  assert.equal(report.schema, 'vfioctl/run/1');
  return report;
}

/** State by proof name, of the proofs about one function and about the guest as a whole. */
export function proofStates(proofs: Proofs['proofs'], address: string): Record<string, string> {
  return Object.fromEntries(
    proofs
      .filter((proof) => proof.subject === address || proof.subject === null)
      .map((proof) => [proof.name, proof.state]),
  );
}

export function allProven(result: VfioctlResult): void {
  exitIs(result, 0);
  const { proofs } = result.json() as Proofs;
  assert.ok(proofs.length > 0, 'no proof was made');
  const open = proofs.filter((proof) => proof.state !== 'proven');
  assert.deepEqual(
    open.map((proof) => `${proof.name} of ${proof.subject}: ${proof.state}, ${proof.why}`),
    [],
  );
}

/** The functions that a definition lends, as `dddd:bb:ss.f`, sorted: libvirt's own words, not ours. */
export function functionsInXml(xml: string): string[] {
  const hex = (text: string | undefined, width: number): string => (text ?? '').padStart(width, '0');
  return [...xml.matchAll(/<hostdev [^>]*type='pci'[\s\S]*?<source>\s*<address ([^>]*)\/>/g)]
    .map(([, attributes = '']) => {
      const part = (name: string): string | undefined =>
        new RegExp(`${name}='0x([0-9a-f]+)'`).exec(attributes)?.[1];
      return `${hex(part('domain'), 4)}:${hex(part('bus'), 2)}:${hex(part('slot'), 2)}.${hex(part('function'), 1)}`;
    })
    .sort();
}

/**
 * `vfioctl assign … GUEST --start`, and what libvirt and the kernel say of it. The guest is left booted. Proofs must
 * all be proven but those that match `open`, of which there must be some.
 */
export async function assignStarted(
  bench: Bench,
  name: GuestName,
  words: readonly string[],
  functions: readonly string[],
  open: { readonly proofs: RegExp; readonly exit: 0 | 7 } | null = null,
): Promise<{ report: RunReport; guest: GuestAtHand }> {
  const guest = bench.guest(name);
  const result = await bench.vfioctl('assign', ...words, name, '--start', '--yes', '--json');
  const report = runReport(result);
  assert.equal(report.status, 'done', result.said);
  const unproven = report.proofs
    .filter((proof) => proof.state !== 'proven')
    .map((proof) => `${proof.name} of ${proof.subject}: ${proof.state}, ${proof.why}`);
  assert.deepEqual(
    unproven.filter((proof) => !open?.proofs.test(proof)),
    [],
  );
  assert.ok(open === null || unproven.length > 0, `nothing is open that matches ${open?.proofs}`);
  exitIs(result, open?.exit ?? 0);
  assert.deepEqual([...report.functions].sort(), functions);
  assert.equal(await guest.state(), 'running');
  for (const definition of [await guest.activeXml(), await guest.inactiveXml()]) {
    assert.deepEqual(
      functionsInXml(definition),
      functions,
      'libvirt lends other functions than were asked for',
    );
  }
  for (const address of functions) assert.equal(await bench.driver(address), 'vfio-pci');
  await guest.ready();
  return { report, guest };
}

/** The harness plays in the guest; the tone is in this card's recording, and interrupts rose on both sides. */
export async function playAndHear(
  bench: Bench,
  guest: GuestAtHand,
  card: CardName,
  address: string,
): Promise<void> {
  const [host, inside] = [await bench.hostInterrupts(address), await guest.soundInterrupts()];
  bench.listen();
  await guest.playTone();
  bench.expectToneOnlyOn(card);
  const [hostNow, insideNow] = [await bench.hostInterrupts(address), await guest.soundInterrupts()];
  bench.notes.push(`interrupts: +${hostNow - host} on the host, +${insideNow - inside} in the guest`);
  assert.ok(hostNow > host, `interrupts of ${address} did not rise on the host: ${host}, then ${hostNow}`);
  assert.ok(
    insideNow > inside,
    `the card's interrupts did not rise in the guest: ${inside}, then ${insideNow}`,
  );
}

/** `vfioctl release … --stop`: the guest is off, the functions are out of it and back on the host's drivers. */
export async function releaseStopped(
  bench: Bench,
  guest: GuestAtHand,
  words: readonly string[],
  drivers: Readonly<Record<string, string>>,
): Promise<void> {
  const released = await bench.vfioctl('release', ...words, '--stop', '--yes', '--json');
  exitIs(released, 0);
  const { proofs } = runReport(released);
  assert.equal(await guest.state(), 'shut off');
  assert.deepEqual(functionsInXml(await guest.inactiveXml()), []);
  for (const [address, driver] of Object.entries(drivers)) {
    assert.equal(await bench.driver(address), driver);
    assert.equal(proofStates(proofs, address).returned, 'proven');
  }
}
