import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  controllersAddedSince,
  domainsAgree,
  domainWithout,
  hostdevAdd,
  pciControllers,
} from '../../../src/edit/xml/domain.ts';
import { aliasOf, hostdevElements, hostdevXml } from '../../../src/edit/xml/hostdev.ts';
import { xmlParse } from '../../../src/edit/xml/parse.ts';
import { xmlFixture } from './fixtures.ts';

const indexes = (xml: string) => pciControllers(xmlParse(xml).root).map((c) => c.index);
const sources = (xml: string) => hostdevElements(xml, xmlParse(xml).root).map((h) => h.source);

describe('controllersAddedSince', () => {
  it('names what libvirt added, and the slot that it made multi-function', () => {
    assert.deepEqual(controllersAddedSince(xmlFixture('plain-before'), xmlFixture('plain-after')), [
      { index: 2, model: 'pcie-root-port', multifunctionOf: '0000:00:01.0' },
    ]);
    assert.deepEqual(controllersAddedSince(xmlFixture('bridged-before'), xmlFixture('bridged-after')), [
      { index: 1, model: 'pcie-root-port', multifunctionOf: null },
      { index: 2, model: 'pcie-to-pci-bridge', multifunctionOf: null },
      { index: 3, model: 'pcie-root-port', multifunctionOf: null },
    ]);
    assert.deepEqual(controllersAddedSince(xmlFixture('plain-after'), xmlFixture('plain-after')), []);
  });
});

describe('domainWithout', () => {
  for (const [name, address] of [
    ['plain', '0000:00:1b.0'],
    ['bridged', '0000:00:01.0'],
  ] as const) {
    const before = xmlFixture(`${name}-before`);
    const after = xmlFixture(`${name}-after`);
    const controllers = controllersAddedSince(before, after);

    it(`${name}: takes back all that attach-device did, byte for byte`, () => {
      assert.equal(domainWithout(after, { addresses: [address], controllers }), before);
    });

    it(`${name}: keeps what somebody else changed since`, () => {
      const edit = (xml: string) =>
        xml.replace('<on_crash>destroy</on_crash>', '<on_crash>restart</on_crash>');
      assert.notEqual(edit(before), before);
      assert.equal(domainWithout(edit(after), { addresses: [address], controllers }), edit(before));
    });
  }

  const before = xmlFixture('bridged-before');
  const after = xmlFixture('bridged-after');
  const controllers = controllersAddedSince(before, after);
  const neighbour = (guestAddress: string) =>
    hostdevXml({ address: '0000:00:05.0', alias: 'ua-mine', managed: true, guestAddress });

  it('keeps a bridge that something else sits in by now, and the port that holds the bridge', () => {
    const used = hostdevAdd(after, neighbour('0000:02:02.0'));
    const left = domainWithout(used, { addresses: ['0000:00:01.0'], controllers });
    assert.deepEqual(sources(left), ['0000:00:05.0']);
    assert.deepEqual(
      indexes(left),
      [0, 1, 2],
      'the last port is empty and goes; the bridge and its port stay',
    );
    assert.match(left, /slot='0x01' function='0x0' multifunction='on'/, 'it was so from the first');
  });

  it('leaves no gap in the bus numbers, which libvirt would fill again', () => {
    const used = hostdevAdd(after, neighbour('0000:03:00.0'));
    const left = domainWithout(used, { addresses: ['0000:00:01.0'], controllers });
    assert.deepEqual(indexes(left), [0, 1, 2, 3]);
    assert.deepEqual(sources(left), ['0000:00:05.0']);
  });

  it('touches no controller that was there before, or that is of another kind by now', () => {
    assert.deepEqual(
      indexes(domainWithout(after, { addresses: ['0000:00:01.0'], controllers: [] })),
      [0, 1, 2, 3],
    );
    const other = after.replace("index='3' model='pcie-root-port'", "index='3' model='pci-bridge'");
    assert.deepEqual(
      indexes(domainWithout(other, { addresses: ['0000:00:01.0'], controllers })),
      [0, 1, 2, 3],
    );
  });

  it('keeps multifunction where another function has joined the slot', () => {
    const joined = hostdevAdd(xmlFixture('plain-after'), neighbour('0000:00:01.2'));
    const added = controllersAddedSince(xmlFixture('plain-before'), xmlFixture('plain-after'));
    const left = domainWithout(joined, { addresses: ['0000:00:1b.0'], controllers: added });
    assert.deepEqual(indexes(left), [0, 1]);
    assert.match(left, /bus='0x00' slot='0x01' function='0x0' multifunction='on'/);
  });

  it('takes out two lends with the controllers of both', () => {
    const first = xmlFixture('plain-before');
    const second = xmlFixture('plain-after');
    const both = hostdevAdd(
      second,
      hostdevXml({
        address: '0000:00:1c.0',
        alias: aliasOf('0000:00:1c.0'),
        managed: true,
        guestAddress: '0000:02:01.0',
      }),
    );
    const controllers = controllersAddedSince(first, both);
    assert.equal(domainWithout(both, { addresses: ['0000:00:1b.0', '0000:00:1c.0'], controllers }), first);
    const one = domainWithout(both, { addresses: ['0000:00:1b.0'], controllers });
    assert.deepEqual([sources(one), indexes(one)], [['0000:00:1c.0'], [0, 1, 2]]);
  });
});

describe('domainsAgree', () => {
  const xml = xmlFixture('bridged-after');
  const sata = / {4}<controller type='sata'[\s\S]*?<\/controller>\n/.exec(xml)![0];
  const moved = xml.replace(sata, '').replace(/(?= {4}<controller type='pci' index='0')/, sata);

  it('passes over the order of controllers, which libvirt changes', () => {
    assert.notEqual(moved, xml);
    assert.ok(domainsAgree(moved, xml));
  });

  it('passes over nothing else', () => {
    assert.ok(!domainsAgree(xml.replace("index='3'", "index='4'"), xml));
    assert.ok(!domainsAgree(xml.replace('</devices>', ' </devices>'), xml));
    assert.ok(!domainsAgree(xml.replace(sata, ''), xml));
  });
});
