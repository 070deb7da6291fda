import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { RelaxNGValidator, XmlDocument } from 'libxml2-wasm';
import { xmlRegisterFsInputProviders } from 'libxml2-wasm/lib/nodejs.mjs';
import {
  controllersAddedSince,
  domainWithout,
  hostdevAdd,
  hostdevRemove,
} from '../../src/edit/xml/domain.ts';
import { aliasOf, hostdevXml } from '../../src/edit/xml/hostdev.ts';
import { secretsHidden } from '../../src/edit/xml/secrets.ts';
import { addressFormat } from '../../src/model/address.ts';
import { xmlFixture, xmlFixtures } from './xml/fixtures.ts';

// The package libvirt0 brings the schema; its parts include each other by relative path.
const SCHEMA = '/usr/share/libvirt/schemas/domain.rng';

describe("libvirt's own schema", () => {
  let schema: XmlDocument;
  let validator: RelaxNGValidator;
  before(() => {
    xmlRegisterFsInputProviders();
    schema = XmlDocument.fromString(
      `<grammar xmlns="http://relaxng.org/ns/structure/1.0"><include href="file://${SCHEMA}"/></grammar>`,
    );
    validator = RelaxNGValidator.fromDoc(schema);
  });
  after(() => {
    validator.dispose();
    schema.dispose();
  });

  const validate = (xml: string) => {
    const document = XmlDocument.fromString(xml);
    try {
      validator.validate(document);
    } finally {
      document.dispose();
    }
  };

  const address = fc
    .record({ domain: fc.nat(0xffff), bus: fc.nat(255), slot: fc.nat(31), function: fc.nat(7) })
    .map(addressFormat);
  const place = fc.option(address.map((a) => `0000${a.slice(4)}`.replace(/^0000:00:00/, '0000:01:00')));

  it('refuses what it should', () => {
    const wrong = xmlFixture('plain-after').replace("slot='0x1b'", "slot='0x2b'");
    assert.notEqual(wrong, xmlFixture('plain-after'));
    assert.throws(() => validate(wrong));
  });

  for (const [name, xml] of xmlFixtures) {
    it(`holds for ${name}, as it is, with its secrets hidden, and with functions put in and taken out`, () => {
      validate(xml);
      validate(secretsHidden(xml));
      fc.assert(
        fc.property(
          address,
          place,
          fc.boolean(),
          fc.boolean(),
          (source, guestAddress, managed, multifunction) => {
            const element = hostdevXml({
              address: source,
              alias: aliasOf(source),
              managed,
              guestAddress,
              multifunction,
            });
            const added = hostdevAdd(xml, element);
            validate(added);
            validate(hostdevRemove(added, source));
          },
        ),
        { numRuns: 10 },
      );
    });
  }

  it('holds for a definition without its lends and their controllers', () => {
    const [before, after] = [xmlFixture('bridged-before'), xmlFixture('bridged-after')];
    const controllers = controllersAddedSince(before, after);
    validate(domainWithout(after, { addresses: ['0000:00:01.0'], controllers }));
    validate(domainWithout(after, { addresses: [], controllers }));
  });
});
