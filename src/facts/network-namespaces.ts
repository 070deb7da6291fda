import { value } from '../host/host.ts';
import type { Look } from './look.ts';

const FACT = 'network.namespaces';

/**
 * Notes a gap for each network namespace with interfaces that are not ours: of containers, of `ip netns`. A port that was
 * moved there is in none of our lists, and which PCI function it hangs on only shows in there.
 */
export function networkNamespaces(look: Look): void {
  const pids = (look.list(FACT, '/proc') ?? []).filter((name) => /^\d+$/.test(name));
  const own = look.host.link('/proc/self/ns/net');
  const seen = new Set(own.state === 'read' ? [own.value] : []);
  // Mounted with hidepid, /proc does not even list the processes of others (proc(5)).
  const all = look.host.root || pids.length === 0 || pids.includes('1');
  let hidden = all ? null : 'processes of other users are hidden without root';
  for (const pid of pids) {
    const link = look.host.link(`/proc/${pid}/ns/net`);
    if (link.state === 'unreadable') hidden ??= link.why;
    if (link.state !== 'read' || seen.has(link.value)) continue;
    seen.add(link.value);
    const path = `/proc/${pid}/net/dev`;
    const names = interfacesIn(look.text(FACT, path) ?? '');
    const command = value(look.host.read(`/proc/${pid}/comm`))?.trim() ?? '?';
    if (names.length > 0)
      look.gap(FACT, path, `${command} (pid ${pid}) has a network of its own, with ${names.join(', ')}`);
  }
  if (hidden !== null) look.gap(FACT, '/proc/PID/ns/net', hidden);
  for (const name of namedNamespaces(look, seen))
    look.gap(FACT, name, 'is a network of its own without a process to look through');
}

/** Two lines of headings, then `  eth0: 1234 …`. Every namespace has a loopback, and most have nothing else. */
function interfacesIn(text: string): string[] {
  return [...text.matchAll(/^\s*([^\s:]+):/gm)].map((match) => match[1]!).filter((name) => name !== 'lo');
}

/** A namespace that is kept by its name is mounted there: `… net:[4026532281] /run/netns/blue …`. */
function namedNamespaces(look: Look, seen: ReadonlySet<string>): string[] {
  const text = look.text(FACT, '/proc/self/mountinfo') ?? '';
  const kept = [...text.matchAll(/^\d+ \d+ \S+ (net:\[\d+\]) (\S+) /gm)];
  const points = new Map(kept.map(([, inode = '', point = '']) => [inode, point]));
  return [...points].filter(([inode]) => !seen.has(inode)).map(([, point]) => point);
}
