import type { Addresses } from './addresses.ts';
import { guidKnown, type Identity } from './harvest.ts';
import { literalsSource } from './literals.ts';
import type { Kind, Tokens } from './tokens.ts';

const SECRET =
  /(?<![\w.-])((?:[\w.-]*[._-])?(?:passw(?:or)?d|passphrase|secret|token|psk|key-?data)\s*[=:]\s*)("[^"\n]*"|'[^'\n]*'|[^\s,;'"<>]+)/gi;
/** A path below somebody's home, in quotes with its blanks, else up to the first. */
const HOME = /(['"])(\/(?:var\/)?home\/[^'"\n]*)\1|\/(?:var\/)?home\/[^\s'"<>,;)]+/g;
const MEDIA = /(\/(?:run\/)?media\/)([^\s'"<>,;)/]+)\/([^\s'"<>,;)]+)/g;
const IQN = /\biqn\.\d{4}-\d\d\.[\w.-]+(?::[^\s'"<>,/]+)?/g;
const UUID = /(?<![0-9a-z])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-z])/gi;
/** machine-id and its like: a UUID without hyphens. */
const ID = /(?<![0-9a-z])[0-9a-f]{32}(?![0-9a-z])/gi;
/** Six octets, or the eight and twenty of EUI-64, SAS and InfiniBand. */
const MAC = /(?<![0-9a-f])[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5,}(?![0-9a-f])/gi;
/** In names of interfaces: enx525400123456. */
const MAC_NAME = /\b((?:en|wl|ww)x)([0-9a-f]{12})(?![0-9a-z])/g;
/** What may be an address of IPv6, and what may stand around it. */
const SIX = /[0-9a-f:]+(?:(?<=:\d{1,3})(?:\.\d{1,3}){3})?/gi;
const SIX_LONGEST = 64;
const FOUR = /(?<![0-9a-z]|\d\.)\d{1,3}(?:\.\d{1,3}){3}(?![0-9a-z]|\.\d)/gi;

/** Replaces in texts all that tells whose machine it is. */
export class TextRedactor {
  readonly #tokens: Tokens;
  readonly #addresses: Addresses;
  readonly #kinds: ReadonlyMap<string, Kind>;
  readonly #known: RegExp | null;

  constructor(tokens: Tokens, addresses: Addresses, identities: readonly Identity[]) {
    this.#tokens = tokens;
    this.#addresses = addresses;
    this.#kinds = new Map(identities.map(({ kind, value }) => [value.toLowerCase(), kind]));
    // World wide names stand behind digits of other meaning, as in scsi-35002538e….
    const isWwn = ({ kind }: Identity) => kind === 'wwn';
    const valuesOf = (some: readonly Identity[]) => literalsSource(some.map(({ value }) => value));
    const words = valuesOf(identities.filter((i) => !isWwn(i)));
    const parts = [valuesOf(identities.filter(isWwn)), words && `(?<![A-Za-z0-9])${words}(?![A-Za-z0-9])`];
    const source = parts.filter((part) => part !== null).join('|');
    this.#known = source === '' ? null : new RegExp(source, 'gi');
  }

  text(text: string): string {
    const tokens = this.#tokens;
    let out = text
      .replace(SECRET, (_, name: string) => name + tokens.of('secret', ''))
      .replace(HOME, (path, quote: string | undefined, quoted: string | undefined) =>
        quote === undefined ? this.#home(path) : `${quote}${this.#home(quoted!)}${quote}`,
      )
      .replace(MEDIA, (_, media: string, user: string, rest: string) =>
        this.#below(`${media}${tokens.of('user', user)}`, rest),
      )
      .replace(IQN, (name) => tokens.of('target', name));
    if (this.#known)
      out = out.replace(this.#known, (value) => tokens.of(this.#kinds.get(value.toLowerCase())!, value));
    return out
      .replace(UUID, (uuid) => (guidKnown(uuid) ? uuid : tokens.of('uuid', uuid)))
      .replace(ID, (id) => tokens.of('uuid', id))
      .replace(MAC, (mac) => this.#mac(mac))
      .replace(MAC_NAME, (_, prefix: string, digits: string) => prefix + this.#macDigits(digits))
      .replace(SIX, (run) => this.#six(run))
      .replace(FOUR, (address) => this.#addresses.text(address));
  }

  #six(run: string): string {
    if (run.length > SIX_LONGEST || run.indexOf(':') === run.lastIndexOf(':')) return run;
    const address = run.replace(/^:(?!:)|(?<!:):$/g, '');
    return run.replace(address, this.#addresses.text(address));
  }

  #mac(mac: string): string {
    // Of no device and of all: they mean the same everywhere.
    if (/^(00|ff)([:-]\1)*$/i.test(mac)) return mac;
    const token = this.#tokens.of('mac', mac.replaceAll('-', ':'));
    return mac.includes('-') ? token.replaceAll(':', '-') : token;
  }

  #macDigits(digits: string): string {
    return this.#mac(digits.replace(/(..)(?!$)/g, '$1:')).replaceAll(':', '');
  }

  /** Name by name, so that what lies below another still does. */
  #home(path: string): string {
    const [, above, user, rest] = /^(\/(?:var\/)?home\/)([^/]+)\/?(.*)$/s.exec(path) ?? [];
    if (user === undefined) return path;
    return this.#below(`${above}${this.#tokens.of('user', user)}`, rest ?? '');
  }

  #below(base: string, rest: string): string {
    const names = rest.split('/').filter((name) => name !== '');
    return [base, ...names.map((name) => this.#tokens.of('file', name))].join('/');
  }
}
