import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { collect } from '../../src/facts/collect.ts';
import { capabilitiesOf } from '../../src/facts/pci-config.ts';
import { recordedHost, recordedText } from './hosts.ts';

/** What lspci -vv said of each function of the same machine: the witness. */
function lspci(name: string): Map<string, string> {
  const sections = recordedText(`${name}.lspci.txt`)
    .split('\n\n')
    .filter((section) => section.trim() !== '');
  return new Map(sections.map((section) => [`0000:${section.trim().slice(0, 7)}`, section]));
}

for (const name of ['rig-intel', 'rig-amd']) {
  test(`the capability walk agrees with lspci on ${name}`, async () => {
    const { functions = [] } = await collect(recordedHost(name), ['config']);
    const witness = lspci(name);
    assert.deepEqual(functions.map((f) => f.address).sort(), [...witness.keys()].sort());
    let walked = 0;
    for (const { address, capabilities: c } of functions) {
      const text = witness.get(address)!;
      if (!c) continue;
      walked += 1;
      const has = (words: RegExp) => words.test(text);
      assert.equal(c.msi, has(/\] MSI: /), `${address} MSI`);
      assert.equal(c.msix, has(/\] MSI-X: /), `${address} MSI-X`);
      assert.equal(c.pm, has(/\] Power Management/), `${address} PM`);
      assert.equal(c.pmReset, has(/NoSoftRst-/), `${address} NoSoftRst`);
      assert.equal(c.flr, has(/FLReset\+/), `${address} FLR`);
      assert.equal(c.interruptPin, has(/Interrupt: pin A/) ? 1 : 0, `${address} pin`);
      const type = /\] Express \(v\d\) (.*?)(?: \(Slot[+-]\))?, MSI/.exec(text)?.[1]?.toLowerCase() ?? null;
      assert.equal(c.pcieType, type, `${address} type`);
      if (type !== null) assert.equal(c.acs !== null, has(/Access Control Services/), `${address} ACS`);
    }
    assert.ok(walked >= 10, `${walked} functions were walked`);
  });
}

test('of ACS the enabled controls are named', async () => {
  const { functions = [] } = await collect(recordedHost('rig-intel'), ['config']);
  const port = functions.find((f) => f.address === '0000:00:05.0')?.capabilities;
  // ACSCtl: SrcValid+ TransBlk- ReqRedir+ CmpltRedir+ UpstreamFwd+ EgressCtrl- DirectTrans-
  assert.deepEqual(port?.acs, [
    'source validation',
    'request redirect',
    'completion redirect',
    'upstream forwarding',
  ]);
  assert.equal(port?.sriov, false);
});

/** A type 0 header with a capability list; constructed, from the PCI and PCIe specifications. */
function config(
  capabilities: readonly (readonly [at: number, bytes: readonly number[]])[],
  size = 256,
): Uint8Array {
  const bytes = new Uint8Array(size);
  bytes.set([0x86, 0x80, 0x20, 0x1c]);
  bytes[0x06] = 0x10;
  bytes[0x34] = capabilities[0]?.[0] ?? 0;
  for (const [at, content] of capabilities) bytes.set(content, at);
  return bytes;
}

test('function level reset by PCIe, and by Advanced Features with both bits', () => {
  // DevCap bit 28 is bit 4 of its last byte; type 9 is a root complex integrated endpoint.
  const express = config([[0x40, [0x10, 0, 0x92, 0, 0, 0, 0, 0x10]]]);
  assert.deepEqual(
    { flr: capabilitiesOf(express)?.flr, type: capabilitiesOf(express)?.pcieType },
    { flr: true, type: 'root complex integrated endpoint' },
  );
  const features = (bits: number) => capabilitiesOf(config([[0x40, [0x13, 0, 6, bits]]]))?.afFlr;
  assert.deepEqual([0, 1, 2, 3].map(features), [false, false, false, true]);
  const power = (control: number) => capabilitiesOf(config([[0x40, [0x01, 0, 2, 0, control, 0]]]))?.pmReset;
  assert.deepEqual([power(0x00), power(0x08)], [true, false]);
});

test('SR-IOV and ACS stand in the extended space, which may be out of reach', () => {
  const express = [0x40, [0x10, 0, 0x02, 0]] as const;
  const whole = config([express], 4096);
  const view = new DataView(whole.buffer);
  view.setUint32(0x100, (0x140 << 20) | (1 << 16) | 0x0001, true);
  view.setUint32(0x140, (1 << 16) | 0x0010, true);
  assert.deepEqual({ ...capabilitiesOf(whole), rest: 0 }.sriov, true);
  assert.equal(capabilitiesOf(whole)?.acs, null);
  const short = capabilitiesOf(config([express]));
  assert.ok(short && !('acs' in short) && !('sriov' in short));
  const conventional = capabilitiesOf(config([]));
  assert.deepEqual([conventional?.acs, conventional?.sriov], [null, false]);
});

test('a function that answers with ones is gone, and 64 bytes are too few', () => {
  const gone = capabilitiesOf(new Uint8Array(256).fill(0xff));
  assert.equal(gone?.allOnes, true);
  assert.equal(gone?.flr, false);
  assert.equal(capabilitiesOf(new Uint8Array(64)), null);
});

test('no bytes make the walk run in a circle or read past the end', () => {
  const sizes = fc.constantFrom(256, 4096);
  fc.assert(
    fc.property(sizes, fc.infiniteStream(fc.nat(255)), (size, stream) => {
      const bytes = new Uint8Array(size);
      for (let i = 0; i < 256; i += 1) bytes[i] = stream.next().value as number;
      if (size > 256) bytes.set(bytes.subarray(0, 256), 256);
      bytes[0x06] = 0x10;
      assert.ok(capabilitiesOf(bytes));
    }),
  );
});
