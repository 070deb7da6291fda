import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { attribute, childNamed, elementsAt } from '../../../src/edit/xml/document.ts';
import { hostdevAdd, hostdevRemove } from '../../../src/edit/xml/domain.ts';
import {
  aliasOf,
  aliasOurs,
  hostdevElement,
  hostdevElements,
  hostdevXml,
} from '../../../src/edit/xml/hostdev.ts';
import { xmlParse } from '../../../src/edit/xml/parse.ts';
import { addressFormat } from '../../../src/model/address.ts';
import { xmlFixture, xmlFixtures } from './fixtures.ts';

const CARD = '0000:00:1b.0';

const anAddress = fc
  .record({
    domain: fc.oneof(fc.constant(0), fc.nat(0xfffff)),
    bus: fc.nat(255),
    slot: fc.nat(31),
    function: fc.nat(7),
  })
  .map(addressFormat);

describe('hostdevXml', () => {
  it('is laid out as libvirt prints it', () => {
    const recorded = hostdevElement(xmlFixture('plain-after'), CARD);
    const guestAddress = '0000:02:00.0';
    assert.equal(
      hostdevXml({ address: CARD, alias: aliasOf(CARD), managed: true, guestAddress }),
      recorded?.xml,
    );
  });

  it('leaves the place in the guest to libvirt, or gives it, with more functions to come', () => {
    const base = { address: '10000:e1:00.1', alias: 'ua-x', managed: false };
    assert.equal(
      hostdevXml(base),
      `<hostdev mode='subsystem' type='pci' managed='no'>
  <source>
    <address domain='0x10000' bus='0xe1' slot='0x00' function='0x1'/>
  </source>
  <alias name='ua-x'/>
</hostdev>`,
    );
    const lines = hostdevXml({ ...base, guestAddress: '0000:07:00.0', multifunction: true }).split('\n');
    assert.equal(
      lines.at(-2),
      "  <address type='pci' domain='0x0000' bus='0x07' slot='0x00' function='0x0' multifunction='on'/>",
    );
  });

  it('is read back as what it was made of', () => {
    fc.assert(
      fc.property(anAddress, anAddress, fc.boolean(), (address, guestAddress, managed) => {
        const xml = hostdevXml({ address, alias: aliasOf(address), managed, guestAddress });
        const found = hostdevElement(`<domain><devices>${xml}</devices></domain>`, address);
        const { start, end, ...read } = found!;
        assert.deepEqual(read, {
          element: 'hostdev',
          source: address,
          managed,
          guestAddress,
          alias: aliasOf(address),
          ours: true,
          xml,
        });
      }),
    );
  });

  it('refuses what is no address', () => {
    assert.throws(
      () => hostdevXml({ address: '00:1b.0', alias: 'a', managed: true }),
      /not a PCI address: 00:1b.0/,
    );
  });
});

describe('aliasOf', () => {
  it('is one that libvirt keeps, another for each function', () => {
    assert.equal(aliasOf(CARD), 'ua-vfioctl-0000-00-1b-0');
    fc.assert(
      fc.property(anAddress, anAddress, (a, b) => {
        assert.match(aliasOf(a), /^ua-[A-Za-z0-9_-]+$/);
        assert.equal(aliasOf(a) === aliasOf(b), a === b);
      }),
    );
  });

  it('tells ours from others', () => {
    assert.deepEqual(['ua-vfioctl-0000-00-1b-0', 'ua-vfio', 'hostdev0', null].map(aliasOurs), [
      true,
      false,
      false,
      false,
    ]);
  });
});

describe('hostdevElements', () => {
  const found = (name: string) => {
    const xml = xmlFixture(name);
    return hostdevElements(xml, xmlParse(xml).root);
  };

  it('reads what libvirt prints', () => {
    const [only, ...more] = found('own-running');
    assert.deepEqual(more, []);
    assert.deepEqual(
      [only?.source, only?.guestAddress, only?.alias, only?.ours, only?.managed],
      ['0000:01:00.0', '0000:02:01.0', 'hostdev0', false, false],
    );
  });

  it('reads numbers as libvirt does, and every element that takes a function', () => {
    assert.deepEqual(
      found('by-hand').map((h) => [h.element, h.source, h.managed, h.guestAddress]),
      [
        ['hostdev', '0000:03:00.1', true, null],
        ['interface', '0000:41:10.1', true, null],
      ],
    );
    const xml = `<domain><devices>
      <hostdev type='pci'><source><address bus='033' slot='27' function='0x1'/></source></hostdev>
      <disk type='nvme'><source type='pci' managed='yes'><address domain='0x0000' bus='0x41' slot='0x00' function='0x0'/></source></disk>
      <hostdev mode='subsystem' type='usb'><source><address bus='1' device='3'/></source></hostdev>
      <hostdev mode='capabilities' type='misc'><source><char>/dev/input/event3</char></source></hostdev>
      <hostdev mode='subsystem' type='mdev'><source><address uuid='c2177883-f1bb-47f0-914d-32a22e3a8804'/></source></hostdev>
      <hostdev type='pci'><source><address bus='0x100' slot='0'/></source></hostdev>
      <hostdev type='pci'><source><address bus='0x10' slot='0x20'/></source></hostdev>
      <interface type='network'><source network='default'/></interface>
    </devices></domain>`;
    assert.deepEqual(
      hostdevElements(xml, xmlParse(xml).root).map((h) => [h.element, h.source, h.managed]),
      [
        ['hostdev', '0000:1b:1b.1', false],
        ['disk', '0000:41:00.0', true],
      ],
    );
  });

  it('gives each as a text of its own', () => {
    assert.equal(
      found('by-hand')[0]?.xml,
      `<hostdev mode="subsystem" type="pci" managed="yes"> <!-- the old card -->
	<source><address domain="0" bus="3" slot="0" function='1'/></source>
</hostdev>`,
    );
  });
});

describe('hostdevAdd and hostdevRemove', () => {
  for (const [name, xml] of xmlFixtures) {
    it(`${name}: what was added is there, and removed again leaves every byte`, () => {
      fc.assert(
        fc.property(anAddress, fc.boolean(), (address, managed) => {
          fc.pre(hostdevElement(xml, address) === null);
          const element = hostdevXml({ address, alias: aliasOf(address), managed });
          const added = hostdevAdd(xml, element);
          assert.equal(hostdevElement(added, address)?.xml, element);
          assert.ok(isSubsequence(xml.split('\n'), added.split('\n')) || name === 'one-line');
          assert.equal(hostdevRemove(added, address), xml);
        }),
        { numRuns: 30 },
      );
    });
  }

  it('puts it where libvirt would print it, indented as its neighbours are', () => {
    const place = { address: CARD, alias: aliasOf(CARD), managed: true, guestAddress: '0000:02:00.0' };
    const lines = hostdevAdd(xmlFixture('plain-before'), hostdevXml(place)).split('\n');
    const recorded = xmlFixture('plain-after').split('\n');
    const block = (all: string[]) => {
      const at = all.findIndex((line) => line.includes('<hostdev'));
      return all.slice(at - 1, at + 8);
    };
    assert.deepEqual(block(lines), block(recorded));
    const hand = hostdevAdd(xmlFixture('by-hand'), hostdevXml(place));
    const children = elementsAt(xmlParse(hand).root, 'domain/devices')[0]!.children.map((c) => c.name);
    assert.deepEqual(children.slice(-4), ['hostdev', 'hostdev', 'interface', 'memballoon']);
    assert.match(hand, /\n\t\t<\/hostdev>\n\t\t<hostdev mode='subsystem'/);
  });

  it('opens devices that close themselves, and refuses a definition without any', () => {
    const element = hostdevXml({ address: CARD, alias: 'ua-x', managed: true });
    const added = hostdevAdd('<domain>\n  <devices/>\n</domain>\n', element);
    assert.equal(
      added,
      `<domain>\n  <devices>\n${element.replace(/^/gm, '    ')}\n  </devices>\n</domain>\n`,
    );
    assert.throws(
      () => hostdevAdd('<domain>\n</domain>', element),
      /line 1, column 1: the definition has no <devices>/,
    );
  });

  it('leaves a remark on the same line where it is', () => {
    const element = hostdevXml({ address: CARD, alias: 'ua-x', managed: true });
    const xml = `<domain>\n <devices>\n  ${element} <!-- the card -->\n </devices>\n</domain>`;
    assert.equal(
      hostdevRemove(xml, CARD),
      '<domain>\n <devices>\n   <!-- the card -->\n </devices>\n</domain>',
    );
  });

  it('takes only the function that was named', () => {
    const xml = xmlFixture('by-hand');
    const without = hostdevRemove(xml, '0000:03:00.1');
    const { root } = xmlParse(without);
    assert.deepEqual(
      hostdevElements(without, root).map((h) => h.source),
      ['0000:41:10.1'],
    );
    assert.equal(xml.split('\n').length - without.split('\n').length, 3);
    assert.match(without, /<!-- <hostdev mode="subsystem"/, 'a comment is no element');
    assert.equal(hostdevRemove(xml, '0000:09:00.0'), xml);
    const [taken] = elementsAt(root, 'domain/devices/interface');
    assert.equal(attribute(childNamed(taken!, 'mac'), 'address'), '52:54:00:6d:90:02');
  });
});

function isSubsequence(part: readonly string[], whole: readonly string[]): boolean {
  let at = 0;
  for (const line of whole) if (line === part[at]) at++;
  return at === part.length;
}
