import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { elementsBelow } from '../../../src/edit/xml/document.ts';
import { xmlParse } from '../../../src/edit/xml/parse.ts';
import { secretsHidden } from '../../../src/edit/xml/secrets.ts';
import { xmlFixture, xmlFixtures } from './fixtures.ts';

describe('secretsHidden', () => {
  it('hides every secret and changes nothing else', () => {
    const xml = xmlFixture('secrets');
    const hidden = secretsHidden(xml);
    assert.equal(xml.match(/hunter2/g)?.length, 5);
    assert.equal(
      hidden,
      xml
        .replace("passwd='hunter2-vnc'", "passwd='(hidden)'")
        .replace('passwd="hunter2 &quot;spice&quot;"', 'passwd="(hidden)"')
        .replace('hunter2-cookie', '(hidden)')
        .replace('data=hunter2-object,', 'data=(hidden),')
        .replace("value='hunter2-env'", "value='(hidden)'"),
      'the usage of a libvirt secret is its name, not the secret',
    );
  });

  it('finds them in a live definition and wherever a password has wandered', () => {
    assert.equal(
      secretsHidden("<a><graphics\n passwd\t= 'x'/></a>"),
      "<a><graphics\n passwd\t= '(hidden)'/></a>",
    );
    assert.equal(
      secretsHidden('<secret> <!-- a -->p<b/>q</secret>'),
      '<secret>(hidden)<b/>(hidden)</secret>',
    );
    assert.equal(secretsHidden('<auth><![CDATA[p]]></auth>'), '<auth>(hidden)</auth>');
  });

  it('changes no byte where there is none', () => {
    for (const [name, xml] of xmlFixtures)
      if (name !== 'secrets') assert.equal(secretsHidden(xml), xml, name);
  });

  it('keeps the XML readable and says the same on a second look', () => {
    const secret = fc.string({ minLength: 1 }).filter((s) => !/[\0-\x1f<&']/.test(s));
    fc.assert(
      fc.property(secret, (password) => {
        const hidden = secretsHidden(
          `<d><graphics type='vnc' passwd='${password}'/><qemu:arg value='password=${password}'/></d>`,
        );
        const values = [...elementsBelow(xmlParse(hidden).root)].flatMap((e) =>
          e.attributes.map((a) => a.value),
        );
        const rest = password.includes(',') ? password.slice(password.indexOf(',')) : '';
        assert.equal(values[1], '(hidden)');
        assert.ok(values[2] === `password=(hidden)${rest}` || /(password|passwd|data)=/.test(rest));
        assert.equal(secretsHidden(hidden), hidden);
      }),
    );
  });
});
