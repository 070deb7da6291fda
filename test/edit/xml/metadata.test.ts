import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type LendIdentity, lendsElement, lendsParse, lendsXml } from '../../../src/edit/xml/metadata.ts';
import { xmlFixtures } from './fixtures.ts';

const CARD: LendIdentity = {
  address: '0000:01:00.0',
  id: '8086:293e',
  subsystem: '1af4:1100',
  path: ['0000:00:05.0'],
  driver: 'snd_hda_intel',
};
const BARE: LendIdentity = {
  address: '0000:00:1f.4',
  id: '8086:293e',
  subsystem: null,
  path: [],
  driver: null,
};

/** As libvirt 9.0 prints it after `virsh metadata --uri urn:vfioctl:lends:1 --key vfioctl --set`; recorded. */
const PRINTED = `<domain type='qemu'>
  <name>a</name>
  <metadata>
    <other:thing xmlns:other="urn:other">
      <other:lends/>
    </other:thing>
    <vfioctl:lends xmlns:vfioctl="urn:vfioctl:lends:1">
      <vfioctl:lend address="0000:01:00.0" id="8086:293e" subsystem="1af4:1100" path="0000:00:05.0" driver="snd_hda_intel"/>
      <vfioctl:lend address="0000:00:1f.4" id="8086:293e"/>
    </vfioctl:lends>
  </metadata>
</domain>
`;

describe('our element in the metadata', () => {
  it('is plain for virsh, which gives it the namespace', () => {
    assert.equal(
      lendsXml([CARD, BARE]),
      `<lends>
  <lend address='0000:01:00.0' id='8086:293e' subsystem='1af4:1100' path='0000:00:05.0' driver='snd_hda_intel'/>
  <lend address='0000:00:1f.4' id='8086:293e'/>
</lends>`,
    );
  });

  it('is read from what libvirt prints, and given as it was set', () => {
    assert.deepEqual(lendsParse(PRINTED), [CARD, BARE]);
    assert.equal(lendsElement(PRINTED)?.replaceAll('"', "'"), lendsXml([CARD, BARE]));
  });

  it('is found by its namespace, whatever the prefix and wherever it is declared', () => {
    const at = (domain: string, element: string) =>
      lendsParse(`<domain ${domain}><metadata>${element}</metadata></domain>`).map((l) => l.address);
    const lend = "lend address='0000:00:1f.4' id='8086:293e'/>";
    assert.deepEqual(at("xmlns:v='urn:vfioctl:lends:1'", `<v:lends><v:${lend}</v:lends>`), ['0000:00:1f.4']);
    assert.deepEqual(at('', `<lends xmlns='urn:vfioctl:lends:1'><${lend}</lends>`), ['0000:00:1f.4']);
    assert.deepEqual(at('', `<lends><${lend}</lends>`), []);
    assert.deepEqual(at('', `<v:lends xmlns:v='urn:vfioctl:lends:2'><v:${lend}</v:lends>`), []);
    const plain = lendsElement(
      `<domain><metadata><lends xmlns='urn:vfioctl:lends:1'><${lend}</lends></metadata></domain>`,
    );
    assert.equal(plain, `<lends><${lend}</lends>`);
  });

  it('keeps what a later version may have written', () => {
    const more = PRINTED.replace(
      '<vfioctl:lend ',
      '<vfioctl:note>a &amp; b</vfioctl:note><vfioctl:lend until="x" ',
    );
    assert.deepEqual(lendsParse(more), [CARD, BARE]);
    assert.match(lendsElement(more)!, /<note>a &amp; b<\/note><lend until="x" address/);
  });

  it('is read back as it was made, whatever the values', () => {
    const value = fc.string({ minLength: 1 }).filter((s) => !/[\0-\x20]/.test(s));
    const lend = fc.record(
      {
        address: value,
        id: value,
        subsystem: fc.option(value),
        path: fc.array(value),
        driver: fc.option(value),
      },
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(fc.array(lend), (lends) => {
        const element = lendsXml(lends).replace('<lends>', "<lends xmlns='urn:vfioctl:lends:1'>");
        const domain = `<domain>\n  <metadata>\n    ${element.replaceAll('\n', '\n    ')}\n  </metadata>\n</domain>`;
        assert.deepEqual(lendsParse(domain), lends);
        assert.equal(lendsElement(domain), lendsXml(lends));
      }),
    );
  });

  it('is not there in guests that have none', () => {
    for (const [, xml] of xmlFixtures) assert.deepEqual([lendsParse(xml), lendsElement(xml)], [[], null]);
  });
});
