import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { differenceOf } from '../../../src/edit/xml/difference.ts';
import { hostdevAdd } from '../../../src/edit/xml/domain.ts';
import { aliasOf, hostdevXml } from '../../../src/edit/xml/hostdev.ts';
import { xmlFixture } from './fixtures.ts';

describe('differenceOf', () => {
  it('shows a hostdev as a person expects it', () => {
    const before = xmlFixture('plain-before');
    const address = '0000:00:1b.0';
    const after = hostdevAdd(before, hostdevXml({ address, alias: aliasOf(address), managed: true }));
    assert.deepEqual(differenceOf(before, after), [
      "     <input type='keyboard' bus='ps2'/>",
      "     <audio id='1' type='none'/>",
      "+    <hostdev mode='subsystem' type='pci' managed='yes'>",
      '+      <source>',
      "+        <address domain='0x0000' bus='0x00' slot='0x1b' function='0x0'/>",
      '+      </source>',
      "+      <alias name='ua-vfioctl-0000-00-1b-0'/>",
      '+    </hostdev>',
      "     <memballoon model='virtio'>",
      "       <address type='pci' domain='0x0000' bus='0x01' slot='0x00' function='0x0'/>",
    ]);
  });

  it('leaves out what is far from a change, and says so', () => {
    const before = `<a>\n${[...'bcdefghi'].map((c) => `<${c}/>\n`).join('')}</a>\n`;
    const after = before.replace('<b/>\n', '').replace('<h/>', '<h x="1"/>');
    assert.deepEqual(differenceOf(before, after), [
      ' <a>',
      '-<b/>',
      ' <c/>',
      ' <d/>',
      ' …',
      ' <f/>',
      ' <g/>',
      '-<h/>',
      '+<h x="1"/>',
      ' <i/>',
      ' </a>',
    ]);
  });

  it('shows no secret, and nothing when only a secret changed', () => {
    const xml = xmlFixture('secrets');
    assert.deepEqual(differenceOf(xml, xml.replace('hunter2-vnc', 'hunter2-new')), []);
    const shown = differenceOf(xml, xml.replace("port='-1'", "port='5900'")).join('\n');
    assert.match(shown, /^-.*port='-1'.*\n\+.*port='5900'/m);
    assert.doesNotMatch(shown, /hunter2-(vnc|cookie|object|env)/);
  });

  it('applied to the one gives the other, by the fewest lines', () => {
    const lines = fc.array(fc.constantFrom('<x/>', '<y/>', '<z/>'), { maxLength: 12 });
    fc.assert(
      fc.property(lines, lines, (a, b) => {
        const [before, after] = [a, b].map((all) => `<r>\n${all.join('\n')}\n</r>`) as [string, string];
        const shown = differenceOf(before, after);
        const minus = shown.filter((l) => l.startsWith('-')).map((l) => l.slice(1));
        const plus = shown.filter((l) => l.startsWith('+')).map((l) => l.slice(1));
        assert.equal(shown.length === 0, before === after);
        const balance = (all: string[]) => [...all].sort().join();
        assert.equal(balance([...before.split('\n'), ...plus]), balance([...after.split('\n'), ...minus]));
        const common = commonLength(before.split('\n'), after.split('\n'));
        assert.equal(minus.length, before.split('\n').length - common);
      }),
    );
  });

  it('shows a difference of any size in a moment', () => {
    const many = (name: string) =>
      `<r>\n${Array.from({ length: 6000 }, (_, i) => `<${name}${i}/>`).join('\n')}\n</r>`;
    const shown = differenceOf(many('a'), many('b'));
    assert.equal(shown.length, 12_002);
  });
});

/** Plain recursion over the last lines, another way than the code's. */
function commonLength(a: readonly string[], b: readonly string[]): number {
  let row = new Array<number>(b.length + 1).fill(0);
  for (const line of a) {
    const next = [0];
    for (let j = 1; j <= b.length; j++) {
      next[j] = line === b[j - 1] ? row[j - 1]! + 1 : Math.max(row[j]!, next[j - 1]!);
    }
    row = next;
  }
  return row[b.length]!;
}
