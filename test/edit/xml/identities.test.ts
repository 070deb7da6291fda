import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { differenceOf } from '../../../src/edit/xml/difference.ts';
import { identitiesOf } from '../../../src/edit/xml/identities.ts';
import { xmlParse } from '../../../src/edit/xml/parse.ts';

const XML = `<domain>
  <title>for alice</title>
  <sysinfo type='smbios'><system><entry name='serial'> PF1 </entry><entry name='version'>T14</entry></system></sysinfo>
  <devices>
    <disk><source><host name='nas' port='1'/><auth username='bob'/></source><serial>S&amp;1</serial><wwn>5002</wwn></disk>
    <interface><mac address="52:54:00:a1:1c:e5"/></interface>
    <serial type='pty'><target port='0'/></serial>
  </devices>
</domain>
`;

describe('identitiesOf', () => {
  it('finds whose a definition is, and where it says so', () => {
    const found = identitiesOf(xmlParse(XML));
    assert.deepEqual(
      found.map(({ kind, value, start, end }) => [kind, value, XML.slice(start, end)]),
      [
        ['text', 'for alice', 'for alice'],
        ['serial', 'PF1', 'PF1'],
        ['host', 'nas', 'nas'],
        ['user', 'bob', 'bob'],
        ['serial', 'S&1', 'S&amp;1'],
        ['wwn', '5002', '5002'],
        ['mac', '52:54:00:a1:1c:e5', '52:54:00:a1:1c:e5'],
      ],
      'a serial port is none',
    );
  });
});

describe('differenceOf', () => {
  it('shows that an identity has changed, and neither the old nor the new one', () => {
    const other = XML.replace('52:54:00:a1:1c:e5', '52:54:00:b0:b0:b0').replace('S&amp;1', 'S2');
    const lines = differenceOf(XML, other);
    assert.deepEqual(
      lines.filter((l) => !l.startsWith(' ')),
      [
        "-    <disk><source><host name='(hidden 2)' port='1'/><auth username='(hidden 3)'/></source><serial>(hidden 4)</serial><wwn>(hidden 5)</wwn></disk>",
        '-    <interface><mac address="(hidden 6)"/></interface>',
        "+    <disk><source><host name='(hidden 2)' port='1'/><auth username='(hidden 3)'/></source><serial>(hidden 7)</serial><wwn>(hidden 5)</wwn></disk>",
        '+    <interface><mac address="(hidden 8)"/></interface>',
      ],
    );
    assert.deepEqual(differenceOf(XML, XML), []);
  });
});
