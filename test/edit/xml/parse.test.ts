import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { XmlDocument } from 'libxml2-wasm';
import {
  attribute,
  childNamed,
  elementsAt,
  elementsBelow,
  escaped,
  spliced,
  type XmlElement,
} from '../../../src/edit/xml/document.ts';
import { xmlParse } from '../../../src/edit/xml/parse.ts';
import { Failure } from '../../../src/failure.ts';
import { meaningOf, written } from './arbitrary.ts';
import { xmlFixture, xmlFixtures } from './fixtures.ts';

describe('xmlParse', () => {
  it('reads what was written, whatever the quotes, references, comments and CDATA', () => {
    fc.assert(
      fc.property(written, ({ text, meaning }) => {
        assert.deepEqual(meaningOf(xmlParse(text).root), meaning);
      }),
    );
  });

  it('finds well-formed what libxml2 finds well-formed, also in damaged text', () => {
    const damage = fc.record({
      written,
      at: fc.nat(),
      cut: fc.nat({ max: 3 }),
      put: fc.constantFrom(
        '',
        '<',
        '>',
        '&',
        "'",
        '"',
        '/',
        ' ',
        '-->',
        ']]>',
        '=',
        'a',
        '&#0;',
        '&nbsp;',
        '<!',
      ),
    });
    let refused = 0;
    fc.assert(
      fc.property(damage, ({ written, at, cut, put }) => {
        const from = at % (written.text.length + 1);
        const text = written.text.slice(0, from) + put + written.text.slice(from + cut);
        const ours = parses(() => xmlParse(text));
        assert.equal(
          ours,
          parses(() => XmlDocument.fromString(text).dispose()),
          JSON.stringify(text),
        );
        if (!ours) refused++;
      }),
      { numRuns: 1500 },
    );
    assert.ok(refused > 300, `only ${refused} of the damaged documents were refused`);
  });

  it('covers every byte: the offsets of elements and attributes cut out their own text', () => {
    for (const [name, xml] of xmlFixtures) {
      const { text, root } = xmlParse(xml);
      for (const element of elementsBelow(root)) {
        const own = text.slice(element.start, element.end);
        assert.ok(own.startsWith(`<${element.name}`) && own.endsWith('>'), `${name}: ${own}`);
        assert.equal(xmlParse(own).root.children.length, element.children.length, `${name}: ${own}`);
        for (const a of element.attributes) {
          assert.equal(text[a.valueStart - 1], a.quote);
          assert.equal(text[a.valueEnd], a.quote);
          assert.ok(text.slice(a.start, a.end).startsWith(a.name));
        }
      }
    }
  });

  it('normalises white space as XML does, and keeps what stands as a number', () => {
    const { root } = xmlParse('<a b="x\ty\r\nz\nw&#10;&#9;v">k\r\nl\rm&#13;<![CDATA[n\r\no]]></a>');
    assert.equal(attribute(root, 'b'), 'x y z w\n\tv');
    assert.equal(root.text, 'k\nl\nm\rn\no');
  });

  it('reads a definition kept by hand', () => {
    const { root } = xmlParse(xmlFixture('by-hand'));
    const text = (path: string) => elementsAt(root, path)[0]?.text;
    assert.equal(text('domain/name'), 'büro');
    assert.equal(text('domain/title'), 'accounts & <books>');
    assert.equal(text('domain/description'), 'one <line>,\n\tthen another — kept');
    const [disk] = elementsAt(root, 'domain/devices/disk');
    assert.equal(attribute(childNamed(disk!, 'source'), 'file'), '/srv/images/büro "one".qcow2');
    assert.equal(elementsAt(root, 'domain/devices/hostdev').length, 1, 'the one in the comment is none');
    assert.deepEqual(
      elementsAt(root, 'domain/qemu:commandline/qemu:arg').map((e) => attribute(e, 'value')),
      ['-global', 'ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off'],
    );
    assert.deepEqual(elementsAt(root, 'network/name'), []);
  });
});

describe('splices', () => {
  it('leave every other byte as it was', () => {
    fc.assert(
      fc.property(written, fc.infiniteStream(fc.boolean()), fc.string(), ({ text }, choice, value) => {
        const all = [...elementsBelow(xmlParse(text).root)].flatMap((e) => e.attributes);
        const chosen = all.filter(() => choice.next().value);
        const edits = chosen.map((a) => ({ start: a.valueStart, end: a.valueEnd, text: escaped(value) }));
        const edited = spliced(text, edits.toReversed());
        const back = chosen.toReversed().reduce((xml, a) => {
          const at =
            a.valueStart +
            chosen
              .filter((b) => b.start < a.start)
              .reduce((n, b) => n + escaped(value).length - (b.valueEnd - b.valueStart), 0);
          return (
            xml.slice(0, at) + text.slice(a.valueStart, a.valueEnd) + xml.slice(at + escaped(value).length)
          );
        }, edited);
        assert.equal(back, text);
      }),
    );
  });

  it('that overlap are a defect', () => {
    assert.throws(
      () =>
        spliced('abc', [
          { start: 0, end: 2, text: '' },
          { start: 1, end: 3, text: '' },
        ]),
      /overlap/,
    );
  });

  it('put in what is read back as it was meant', () => {
    fc.assert(
      fc.property(
        fc.string().filter((s) => !/[\0-\x1f]/.test(s)),
        (value) => {
          const element: XmlElement = xmlParse(
            `<a b='${escaped(value)}' c="${escaped(value)}">${escaped(value)}</a>`,
          ).root;
          assert.deepEqual(
            [attribute(element, 'b'), attribute(element, 'c'), element.text],
            [value, value, value],
          );
        },
      ),
    );
  });
});

const laughs = `<?xml version="1.0"?>\n<!DOCTYPE lolz [\n <!ENTITY lol "lol">\n${Array.from({ length: 9 }, (_, i) => ` <!ENTITY lol${i + 1} "${`&lol${i || ''};`.repeat(10)}">`).join('\n')}\n]>\n<lolz>&lol9;</lolz>`;

const hostile: readonly (readonly [string, string, RegExp])[] = [
  ['a billion laughs', laughs, /line 2, column 1: a DOCTYPE/],
  ['an external entity', '<!DOCTYPE a SYSTEM "file:///etc/shadow"><a/>', /line 1, column 1: a DOCTYPE/],
  ['an entity of its own', '<a>\n  <b c="&lol;"/></a>', /line 2, column 9: only lt;/],
  ['deep nesting', '<a>\n'.repeat(1_000_000), /line 257, column 1: elements nest deeper than 256/],
  ['many elements', `<r>${'<a/>'.repeat(1_000_000)}</r>`, /line 1, column 80000: more than 20000 elements/],
  ['a huge attribute', `<a\n b='${'x'.repeat(4_000_000)}'/>`, /line 2, column 5: the value of b is longer/],
  ['a huge text', `<a>${'x'.repeat(5 * 1024 * 1024)}</a>`, /line 1, column 4194305: more than 4194304/],
  [
    'many attributes',
    `<a${Array.from({ length: 50_000 }, (_, i) => ` a${i}=''`).join('')} a7=''/>`,
    /more than 256 attributes/,
  ],
  ['many references', `<a>${'&amp;'.repeat(100_000)}&</a>`, /column 500004: only lt;/],
  ['many spaces', `<a${' '.repeat(3_000_000)}`, /the text ends inside the tag <a>/],
  ['comments that are none', '<!- '.repeat(500_000), /line 1, column 1: this markup is not known/],
  ['a NUL', '<domain>\n<name>a\0b</name></domain>', /line 2, column 8: the character U\+0000/],
  ['a NUL by number', '<a>&#0;</a>', /line 1, column 4: &#0; is no character/],
  ['half a surrogate', '<a>\ud800</a>', /line 1, column 4: the character U\+D800/],
  ['a text cut off', xmlFixture('plain-before').slice(0, 700), /line \d+, column \d+: the/],
  ['no text', '', /line 1, column 1: there is no element/],
  ['two roots', '<a/>\n<b/>', /line 2, column 1: something stands after/],
  ['no XML', "error: failed to get domain 'x'", /line 1, column 1: text outside/],
  [
    'another encoding',
    '<?xml version="1.0" encoding="ISO-8859-1"?><a/>',
    /the encoding ISO-8859-1 is not UTF-8/,
  ],
  ['tags that cross', '<a>\n<b></a></b>', /line 2, column 4: <\/a> closes <b>/],
  ['an attribute twice', "<a b='1' c='2' b='3'/>", /line 1, column 16: b is given twice/],
];

describe('hostile text', () => {
  for (const [name, text, message] of hostile) {
    it(`${name} is refused with its place, at once`, () => {
      // The best of three: the process collects the garbage of other tests, too, and that is not this text's doing.
      const took = Math.min(...[1, 2, 3].map(() => refusedIn(text, message)));
      assert.ok(took < 100, `it took ${took.toFixed(0)} ms`);
    });
  }

  it('no prefix of a definition is taken for the whole', () => {
    const xml = xmlFixture('by-hand')
      .trimEnd()
      .replace(/<!-- the end -->$/, '')
      .trimEnd();
    assert.ok(parses(() => xmlParse(xml)));
    for (let end = 0; end < xml.length; end++)
      assert.ok(!parses(() => xmlParse(xml.slice(0, end))), `${end}`);
  });
});

/** How long the refusal took, in milliseconds of processor time. */
function refusedIn(text: string, message: RegExp): number {
  const begin = cpuMs();
  let took = Number.POSITIVE_INFINITY;
  assert.throws(
    () => xmlParse(text),
    (error) => {
      took = cpuMs() - begin;
      assert.ok(error instanceof Failure && error.code === 'xml-invalid', String(error));
      assert.match(error.message, /^XML, line \d+, column \d+: /);
      assert.match(error.message, message);
      assert.ok(error.message.length < 200, 'the message does not repeat the text');
      return true;
    },
  );
  return took;
}

/** Of this process alone: what else the machine does must not fail the test. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function parses(parse: () => unknown): boolean {
  try {
    parse();
    return true;
  } catch {
    return false;
  }
}
