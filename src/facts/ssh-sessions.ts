import type { Look } from './look.ts';
import { addressEqual, addressLoopback, addressRead } from './network-address.ts';
import type { Reach } from './network-loads.ts';
import { type Connection, connections, processSockets } from './socket-table.ts';

const FACT = 'network.loads';
/** As the kernel names their processes: OpenSSH before and since 9.8, Dropbear, TinySSH. */
const SERVERS = ['sshd', 'sshd-session', 'sshd-auth', 'dropbear', 'tinysshd'];
/** The only way to know a session where the owner of its socket may not be seen. */
const SSH_PORT = 22;
const CHAIN_MAX = 64;

interface Process {
  readonly pid: number;
  readonly command: string;
}

type Ends = Omit<Connection, 'inode'>;

/**
 * Sessions by which people are on this machine. Our own is told apart where the evidence carries it: sudo drops
 * SSH_CONNECTION, but an sshd stays among the parents; what runs in tmux or screen has no sshd there, but perhaps
 * the variable, which counts while that connection still stands.
 */
export function sshSessions(look: Look): Reach[] {
  const open = connections(look, FACT)?.filter(isRemote);
  const chain = processChain(look);
  const told = connectionTold(look, chain);
  const owners = serverSockets(look, open ?? []);
  const isTold = (c: Connection) => told !== null && sameEnds(told, c);
  const sessions = (open ?? [])
    .filter((c) => owners.has(c.inode) || c.localPort === SSH_PORT || isTold(c))
    .map((c): Reach => {
      const own = isTold(c) || chain.some(({ pid }) => owners.get(c.inode)?.includes(pid));
      return { kind: 'ssh', what: own ? 'your own SSH session' : 'an SSH session', ends: [c] };
    });
  // mosh goes on by UDP when its SSH connection is closed, and the kernel does not keep the other side of that.
  const mosh = chain.some(({ command }) => command === 'mosh-server');
  if (told && (mosh || !open))
    sessions.push({ kind: 'ssh', what: `your own ${mosh ? 'mosh' : 'SSH'} session`, ends: [told] });
  return sessions;
}

function isRemote({ peer, local }: Ends): boolean {
  return !addressLoopback(peer) && !addressEqual(peer, local);
}

function sameEnds(a: Ends, b: Ends): boolean {
  const ports = a.localPort === b.localPort && a.peerPort === b.peerPort;
  return ports && addressEqual(a.local, b.local) && addressEqual(a.peer, b.peer);
}

/** This process and its parents, up to the first of all. */
function processChain(look: Look): Process[] {
  const chain: Process[] = [];
  const self = look.host.link('/proc/self');
  let pid = self.state === 'read' ? Number(self.value) : 0;
  while (pid > 0 && chain.length < CHAIN_MAX) {
    const stat = look.host.read(`/proc/${pid}/stat`);
    // `pid (command) state parent …`, where a command may hold anything.
    const [, command, parent] = (stat.state === 'read' && /^\d+ \((.*)\) \S (\d+) /s.exec(stat.value)) || [];
    if (command === undefined) break;
    chain.push({ pid, command });
    pid = Number(parent);
  }
  return chain;
}

/** `SSH_CONNECTION=peer port local port`, of the nearest process that has it and lets us look. */
function connectionTold(look: Look, chain: readonly Process[]): Ends | null {
  for (const { pid } of chain) {
    const environment = look.host.read(`/proc/${pid}/environ`);
    if (environment.state !== 'read') continue;
    const text = environment.value.split('\0').find((entry) => entry.startsWith('SSH_CONNECTION='));
    const [there = '', peerPort, here = '', localPort] = text?.split('=')[1]?.split(' ') ?? [];
    const [peer, local] = [addressRead(there), addressRead(here)];
    if (peer && local) return { peer, peerPort: Number(peerPort), local, localPort: Number(localPort) };
  }
  return null;
}

/** Sockets of all SSH servers and the processes that hold them; none are looked for where nobody is connected. */
function serverSockets(look: Look, open: readonly Connection[]): Map<string, number[]> {
  const owners = new Map<string, number[]>();
  const names = open.length > 0 ? (look.list(FACT, '/proc') ?? []) : [];
  // Mounted with hidepid, /proc does not list the processes of others (proc(5)); the first is always one.
  if (names.length > 0 && !look.host.root && !names.includes('1'))
    look.gap(FACT, '/proc', 'processes of other users are hidden without root');
  for (const name of names.filter((entry) => /^\d+$/.test(entry))) {
    const command = look.host.read(`/proc/${name}/comm`);
    if (command.state !== 'read' || !SERVERS.includes(command.value.trim())) continue;
    const sockets = processSockets(look, Number(name));
    if (typeof sockets === 'string') look.gap(FACT, `/proc/${name}/fd`, sockets);
    else for (const inode of sockets) owners.set(inode, [...(owners.get(inode) ?? []), Number(name)]);
  }
  return owners;
}
