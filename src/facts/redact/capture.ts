import { spliced } from '../../edit/xml/document.ts';
import { identitiesOf } from '../../edit/xml/identities.ts';
import { xmlParse } from '../../edit/xml/parse.ts';
import { secretsHidden } from '../../edit/xml/secrets.ts';
import { Failure } from '../../failure.ts';
import { type Capture, type CaptureRun, captureHost } from '../../host/capture.ts';
import { value } from '../../host/host.ts';
import type { TreeEntry } from '../../host/tree.ts';
import { routesRead } from '../route-table.ts';
import { Addresses } from './addresses.ts';
import { bytesRedact } from './bytes.ts';
import { identitiesHarvest } from './harvest.ts';
import { TextRedactor } from './text.ts';
import { Tokens } from './tokens.ts';

/**
 * The capture without passwords and without what tells whose machine it is: serial numbers, MAC and IP addresses,
 * UUIDs, names of machines and people, world wide names, labels of disks, networks of a radio, and files of a home.
 * Each stands for itself still, under another name, so that the same rules find the same in it.
 */
export function captureRedact(capture: Capture): Capture {
  return redactionOf(capture).capture;
}

export interface Redaction {
  readonly capture: Capture;
  /** What a text of the same host reads like in it. */
  text(text: string): string;
}

export function redactionOf(capture: Capture): Redaction {
  const documents = capture.runs.flatMap((run) => documentsIn(run.stdout)).map(({ xml }) => xml);
  const identities = identitiesHarvest(capture, documents);
  const tokens = new Tokens();
  const host = captureHost(capture);
  const file = (path: string) => value(host.read(path)) ?? '';
  const routes = routesRead(file('/proc/net/route'), file('/proc/net/ipv6_route'));
  const addresses = new Addresses(
    routes.map(({ family, network, bits }) => ({ family, value: network, bits })),
  );
  const redactor = new TextRedactor(tokens, addresses, identities);
  const text = (t: string) => redactor.text(t);

  const run = ({ argv, code, stdout, stderr }: CaptureRun): CaptureRun => {
    return { argv: argv.map(text), code, stdout: outputRedact(stdout, text, tokens), stderr: text(stderr) };
  };
  const entry = (path: string, of: TreeEntry): TreeEntry => {
    if ('f' in of) return { f: fileRedact(path, of.f, text, addresses) };
    if ('l' in of) return { l: text(of.l) };
    if ('d' in of) return { d: of.d.map((name) => text(`${path}/${name}`).split('/').at(-1)!) };
    return 'b' in of ? { b: bytesRedact(path, of.b, text) } : of;
  };
  const { made } = capture;
  return {
    capture: {
      ...capture,
      made: {
        ...made,
        bootId: made.bootId === null ? null : text(made.bootId),
        from: made.from === null ? null : text(made.from),
        origin: { ...made.origin, name: tokens.of('host', made.origin.name) },
        redacted: true,
      },
      tree: Object.fromEntries(
        Object.entries(capture.tree).map(([path, of]) => [text(path), entry(path, of)]),
      ),
      runs: capture.runs.map(run),
    },
    text,
  };
}

/** Tables of /proc/net have addresses as plain hexadecimal digits, each in its own order. */
function fileRedact(
  path: string,
  content: string,
  text: (t: string) => string,
  addresses: Addresses,
): string {
  // The same on every machine.
  if (path.startsWith('/usr/share/')) return content;
  switch (/^\/proc\/(?:\d+\/)?net\/(\w+)$/.exec(path)?.[1]) {
    case 'route':
      return content.replace(
        /^(\S+)\t([0-9A-F]{8})\t([0-9A-F]{8})(?=\t)/gim,
        (_, name, to, by) => `${text(name)}\t${addresses.words(to)}\t${addresses.words(by)}`,
      );
    case 'tcp':
    case 'tcp6':
      return content.replace(/\b([0-9A-F]{32}|[0-9A-F]{8})(?=:[0-9A-F]{4} )/gi, (hex) =>
        addresses.words(hex),
      );
    case 'ipv6_route':
    case 'if_inet6':
      return content.replace(/\b[0-9a-f]{32}\b/g, (hex) => addresses.digits(hex)).replace(/\S+$/gm, text);
    default:
      return text(content);
  }
}

interface Document {
  readonly xml: string;
  readonly start: number;
  readonly end: number;
}

/** XML documents in what a tool printed, one behind another and between other lines. */
function documentsIn(output: string): Document[] {
  const found: Document[] = [];
  // One answer of several ends without a line break, and the next document begins right behind the mark.
  const begin = /(?<=^|&&)<(\w+)[\s>]/gm;
  for (let match = begin.exec(output); match !== null; match = begin.exec(output)) {
    const close = `</${match[1]}>`;
    const last = output.indexOf(`\n${close}`, match.index);
    const at = last < 0 ? output.indexOf(close, match.index) : last + 1;
    const end = at < 0 ? output.length : at + close.length;
    found.push({ xml: output.slice(match.index, end), start: match.index, end });
    begin.lastIndex = end;
  }
  return found;
}

function outputRedact(output: string, text: (t: string) => string, tokens: Tokens): string {
  const splices = documentsIn(output).map(({ xml, start, end }) => ({
    start,
    end,
    text: xmlRedact(xml, tokens),
  }));
  return text(spliced(output, splices));
}

/** What is no XML that we can read may hide anything, and nothing is known by it. */
function xmlRedact(xml: string, tokens: Tokens): string {
  try {
    const document = xmlParse(secretsHidden(xml));
    const splices = identitiesOf(document)
      .filter(({ kind }) => kind === 'text')
      .map(({ kind, value, start, end }) => ({ start, end, text: tokens.of(kind, value) }));
    // Comments are for people, and say what only people know.
    return spliced(document.text, splices).replace(/<!--[\s\S]*?-->/g, '<!---->');
  } catch (error) {
    if (error instanceof Failure) return '<unreadable/>';
    throw error;
  }
}
