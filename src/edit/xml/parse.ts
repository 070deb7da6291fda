import { charactersCheck, charactersDecoded } from './characters.ts';
import { type XmlAttribute, type XmlDocument, type XmlElement, xmlInvalid } from './document.ts';

/** No definition is longer: libvirt's protocol carries no longer string (REMOTE_STRING_MAX). */
const TEXT_LIMIT = 4 * 1024 * 1024;
/** libxml2's own limit without XML_PARSE_HUGE, which libvirt does not set. */
const DEPTH_LIMIT = 256;
const ELEMENT_LIMIT = 20_000;
const ATTRIBUTES_LIMIT = 256;
const VALUE_LIMIT = 1024 * 1024;

// Sticky, and no two parts that could share a text: their time is linear whatever it is.
const NAME_START =
  ':A-Z_a-z\\u{C0}-\\u{D6}\\u{D8}-\\u{F6}\\u{F8}-\\u{2FF}\\u{370}-\\u{37D}\\u{37F}-\\u{1FFF}\\u{200C}\\u{200D}' +
  '\\u{2070}-\\u{218F}\\u{2C00}-\\u{2FEF}\\u{3001}-\\u{D7FF}\\u{F900}-\\u{FDCF}\\u{FDF0}-\\u{FFFD}\\u{10000}-\\u{EFFFF}';
const NAME = new RegExp(
  `[${NAME_START}][${NAME_START}\\-.0-9\\u{B7}\\u{300}-\\u{36F}\\u{203F}\\u{2040}]*`,
  'uy',
);
const SPACE = /[ \t\r\n]*/y;
const DECLARATION =
  /<\?xml[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*(?:'1\.[0-9]*'|"1\.[0-9]*")(?:[ \t\r\n]+encoding[ \t\r\n]*=[ \t\r\n]*(?:'([\w.-]+)'|"([\w.-]+)"))?(?:[ \t\r\n]+standalone[ \t\r\n]*=[ \t\r\n]*(?:'(?:yes|no)'|"(?:yes|no)"))?[ \t\r\n]*\?>/y;

interface OpenElement {
  readonly name: string;
  readonly attributes: readonly XmlAttribute[];
  readonly children: XmlElement[];
  readonly start: number;
  readonly innerStart: number;
  text: string;
}

/**
 * Reads one whole XML 1.0 document. A DOCTYPE is refused, so no entity but the five predefined ones exists.
 * Prefixes are read as parts of names. Throws Failure `xml-invalid` that names line and column.
 */
export function xmlParse(text: string): XmlDocument {
  return { text, root: new Reader(text).document() };
}

class Reader {
  private readonly text: string;
  private at = 0;
  private elements = 0;

  constructor(text: string) {
    this.text = text;
  }

  document(): XmlElement {
    const { text } = this;
    if (text.length > TEXT_LIMIT) throw this.wrong(`more than ${TEXT_LIMIT} characters`, TEXT_LIMIT);
    charactersCheck(text);
    if (text.startsWith('\ufeff')) this.at = 1;
    this.declaration();
    let root: XmlElement | null = null;
    for (;;) {
      this.space();
      if (this.at === text.length) break;
      if (this.misc()) continue;
      if (text[this.at] !== '<') throw this.wrong('text outside the root element');
      if (root) throw this.wrong('something stands after the root element');
      root = this.root();
    }
    if (!root) throw this.wrong('there is no element');
    return root;
  }

  /** The root and everything in it, without recursion: depth is the document's, not the stack's. */
  private root(): XmlElement {
    const open: OpenElement[] = [];
    for (;;) {
      const parent = open.at(-1);
      if (parent) this.characters(parent);
      let closed: XmlElement;
      if (this.text.startsWith('</', this.at)) {
        const begun = open.pop();
        if (!begun) throw this.wrong('an end tag stands before any element');
        closed = this.endTag(begun);
      } else {
        const started = this.startTag();
        if ('innerEnd' in started) {
          closed = started;
        } else {
          if (open.length === DEPTH_LIMIT)
            throw this.wrong(`elements nest deeper than ${DEPTH_LIMIT}`, started.start);
          open.push(started);
          continue;
        }
      }
      const around = open.at(-1);
      if (!around) return closed;
      around.children.push(closed);
    }
  }

  /** Up to the next tag: text, CDATA, comments and processing instructions. */
  private characters(parent: OpenElement): void {
    const { text } = this;
    for (;;) {
      let next = text.indexOf('<', this.at);
      if (next < 0) next = text.length;
      if (next > this.at) parent.text += charactersDecoded(text, this.at, next, false);
      this.at = next;
      if (next === text.length) {
        throw this.wrong(`the text ends inside <${parent.name}>`);
      }
      if (text.startsWith('<![CDATA[', next)) {
        const end = this.closing(']]>', next + 9, 'CDATA section');
        parent.text += text.slice(next + 9, end).replace(/\r\n?/g, '\n');
        this.at = end + 3;
      } else if (!this.misc()) {
        return;
      }
    }
  }

  private startTag(): OpenElement | XmlElement {
    const start = this.at;
    if (++this.elements > ELEMENT_LIMIT) throw this.wrong(`more than ${ELEMENT_LIMIT} elements`);
    this.at++;
    const name = this.name('an element');
    const attributes: XmlAttribute[] = [];
    const names = new Set<string>();
    for (;;) {
      const spaced = this.space();
      if (this.text[this.at] === '>') {
        this.at++;
        return { name, attributes, children: [], text: '', start, innerStart: this.at };
      }
      if (this.text.startsWith('/>', this.at)) {
        this.at += 2;
        const end = this.at;
        return { name, attributes, children: [], text: '', start, end, innerStart: end, innerEnd: end };
      }
      if (this.at === this.text.length) throw this.wrong(`the text ends inside the tag <${name}>`);
      if (!spaced) throw this.wrong(`the tag <${name}> goes on without a space`);
      const found = this.attribute();
      if (names.has(found.name)) throw this.wrong(`${found.name} is given twice`, found.start);
      if (names.size === ATTRIBUTES_LIMIT)
        throw this.wrong(`more than ${ATTRIBUTES_LIMIT} attributes`, found.start);
      names.add(found.name);
      attributes.push(found);
    }
  }

  private attribute(): XmlAttribute {
    const { text } = this;
    const start = this.at;
    const name = this.name('an attribute');
    this.space();
    if (text[this.at] !== '=') throw this.wrong(`${name} has no value`);
    this.at++;
    this.space();
    const quote = text[this.at];
    if (quote !== "'" && quote !== '"') throw this.wrong(`the value of ${name} is not quoted`);
    const valueStart = this.at + 1;
    const valueEnd = this.closing(quote, valueStart, `value of ${name}`);
    if (valueEnd - valueStart > VALUE_LIMIT) {
      throw this.wrong(`the value of ${name} is longer than ${VALUE_LIMIT} characters`, valueStart);
    }
    const value = charactersDecoded(text, valueStart, valueEnd, true);
    this.at = valueEnd + 1;
    return { name, value, start, end: this.at, valueStart, valueEnd, quote };
  }

  private endTag(open: OpenElement): XmlElement {
    const innerEnd = this.at;
    this.at += 2;
    const name = this.name('an element');
    if (name !== open.name) throw this.wrong(`</${name}> closes <${open.name}>`, innerEnd);
    this.space();
    if (this.text[this.at] !== '>') throw this.wrong(`the tag </${name}> does not end`);
    this.at++;
    return { ...open, end: this.at, innerEnd };
  }

  /** A comment or a processing instruction, which are passed over. */
  private misc(): boolean {
    const { text, at } = this;
    if (text.startsWith('<!--', at)) {
      const end = this.closing('--', at + 4, 'comment');
      if (text[end + 2] !== '>') throw this.wrong('a comment may not hold two hyphens', end);
      this.at = end + 3;
      return true;
    }
    if (text.startsWith('<?', at)) {
      this.at += 2;
      const target = this.name('a processing instruction');
      if (target.toLowerCase() === 'xml')
        throw this.wrong('the XML declaration stands only at the very start', at);
      if (!this.space() && !text.startsWith('?>', this.at))
        throw this.wrong('a processing instruction goes on without a space');
      this.at = this.closing('?>', this.at, 'processing instruction') + 2;
      return true;
    }
    if (text.startsWith('<!', at)) {
      throw this.wrong(
        text.startsWith('<!DOCTYPE', at)
          ? 'a DOCTYPE is not accepted: it could define entities'
          : 'this markup is not known',
      );
    }
    return false;
  }

  private declaration(): void {
    if (!/^<\?xml[ \t\r\n]/.test(this.text.slice(this.at, this.at + 6))) return;
    DECLARATION.lastIndex = this.at;
    const match = DECLARATION.exec(this.text);
    if (!match) throw this.wrong('the XML declaration is malformed');
    const encoding = match[1] ?? match[2] ?? 'utf-8';
    // We are given decoded text and hand it on as UTF-8; another name here would make libxml2 read it wrongly.
    if (!/^(utf-?8|us-ascii)$/i.test(encoding)) throw this.wrong(`the encoding ${encoding} is not UTF-8`);
    this.at = DECLARATION.lastIndex;
  }

  private closing(mark: string, from: number, what: string): number {
    const end = this.text.indexOf(mark, from);
    if (end < 0) throw this.wrong(`the ${what} does not end`, from);
    return end;
  }

  private name(what: string): string {
    NAME.lastIndex = this.at;
    const match = NAME.exec(this.text);
    if (!match) throw this.wrong(`the name of ${what} is expected here`);
    this.at = NAME.lastIndex;
    return match[0];
  }

  /** Passes over white space and says whether there was any. */
  private space(): boolean {
    SPACE.lastIndex = this.at;
    SPACE.exec(this.text);
    const moved = SPACE.lastIndex > this.at;
    this.at = SPACE.lastIndex;
    return moved;
  }

  private wrong(what: string, offset = this.at): Error {
    return xmlInvalid(this.text, offset, what);
  }
}
