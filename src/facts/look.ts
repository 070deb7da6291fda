import type { Host, Reading } from '../host/host.ts';
import type { Gap } from './snapshot.ts';

/** A whole number as the kernel prints it; null for anything else. */
export function wholeNumber(text: string | null | undefined): number | null {
  return text != null && /^-?\d{1,15}$/.test(text) ? Number(text) : null;
}

/**
 * A look at one host: reads through the port and keeps account of what could not be read. Every reader answers the
 * value, `null` for absent, or `undefined` after it has noted a gap.
 */
export class Look {
  readonly host: Host;
  readonly gaps: Gap[] = [];
  readonly #once = new Map<string, unknown>();

  constructor(host: Host) {
    this.host = host;
  }

  /** A small text file, white space around it cut off. */
  text(
    fact: string,
    path: string,
    subject: string | null = null,
    maxBytes?: number,
  ): string | null | undefined {
    const text = this.known(fact, path, this.host.read(path, maxBytes), subject);
    return typeof text === 'string' ? text.trim() : text;
  }

  list(fact: string, path: string, subject: string | null = null): string[] | null | undefined {
    return this.known(fact, path, this.host.list(path), subject);
  }

  /** The last component of a link's target: the name of a driver, a group, a bridge. */
  linkName(fact: string, path: string, subject: string | null = null): string | null | undefined {
    const target = this.known(fact, path, this.host.link(path), subject);
    return typeof target === 'string' ? target.slice(target.lastIndexOf('/') + 1) : target;
  }

  known<T>(
    fact: string,
    path: string,
    reading: Reading<T>,
    subject: string | null = null,
  ): T | null | undefined {
    if (reading.state === 'read') return reading.value;
    if (reading.state === 'absent') return null;
    this.gap(fact, path, reading.why, subject);
    return undefined;
  }

  gap(fact: string, path: string | null, why: string, subject: string | null = null): void {
    this.gaps.push({ fact, subject, state: 'unreadable', path, why });
  }

  /** What several sections need is read once. */
  once<T>(name: string, read: () => T): T {
    if (!this.#once.has(name)) this.#once.set(name, read());
    return this.#once.get(name) as T;
  }
}
