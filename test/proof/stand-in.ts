/**
 * A host and a guest for the proofs, constructed: what they say is taken from a recorded machine (Debian 12, card
 * 8086:293e at 0000:01:00.0 in IOMMU group 6, which its guest sees at 0000:02:01.0). virsh and qemu-ga stand behind
 * `Host.run`, time is virtual.
 */
import type { PciFunction, Snapshot } from '../../src/facts/snapshot.ts';
import type { Host, Reading, RunOptions, RunResult } from '../../src/host/host.ts';
import type { GuestModel } from '../../src/model/guest.ts';
import type { HostModel, Lend } from '../../src/model/model.ts';
import { GuestSilent, type GuestView } from '../../src/proof/view.ts';

export const CARD = '0000:01:00.0';
export const IN_GUEST = '0000:02:01.0';
export const UUID = '2d1c6a0e-5b8f-4a53-9d0f-0c6e5a0f7b11';

interface Program {
  readonly argv: readonly string[];
  readonly input: Uint8Array;
  readonly begin: number;
  readonly ms: number;
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface Element {
  readonly numid: number;
  readonly name: string;
  readonly type: string;
  values: string;
}

export class StandIn {
  clock = 0;
  /** Of the host: a null link or file is absent. */
  hostDriver: string | null = 'vfio-pci';
  hostFiles: Record<string, string> = {};
  hostDirectories: Record<string, string[]> = {};
  /** The line of /proc/interrupts of the host that is the function's, `N` its count; null: none. */
  hostLine: string | null =
    ' 36:          N          0  IR-PCI-MSI 524288-edge      vfio-msi[0](0000:01:00.0)';
  hostCount = 53;
  guestLine = ' 26:          N   PCI-MSI 1064960-edge      snd_hda_intel:card0';
  guestCount = 68;
  /** Interrupts a second while it plays, as they reach each side. */
  hostRate = 8;
  guestRate = 8;
  /** Interrupts a second that are not of our making. */
  noise = 0;
  agent: 'answers' | 'absent' | 'blocked' = 'answers';
  agentFrom = 0;
  driverFrom = 0;
  functions: Record<
    string,
    { vendor: string; device: string; class: string; driver: string | null; irq: number }
  > = {
    '0000:00:1f.2': { vendor: '0x8086', device: '0x2922', class: '0x010601', driver: 'ahci', irq: 16 },
    '0000:02:01.0': {
      vendor: '0x8086',
      device: '0x293e',
      class: '0x040300',
      driver: 'snd_hda_intel',
      irq: 26,
    },
  };
  messages: string[] | null = ['26'];
  soundNames: string[] = ['card0', 'controlC0', 'hwC0D0', 'pcmC0D0c', 'pcmC0D0p', 'timer'];
  cardDevice = `/sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0/${IN_GUEST}`;
  /** What has the PCM open besides us. */
  holder: { state: string; pid: number; name: string; moves: boolean; records?: boolean } | null = null;
  aplay: 'plays' | 'stuck' | 'hangs' | 'busy' | 'missing' | 'wrong' | 'deaf' | 'slowly-nothing' = 'plays';
  amixer: 'works' | 'missing' | 'fails' = 'works';
  mixer: Element[] = [
    { numid: 2, name: 'Master Playback Switch', type: 'BOOLEAN,access=rw------,values=1', values: 'on' },
    {
      numid: 1,
      name: 'Master Playback Volume',
      type: 'INTEGER,access=rw---R--,values=1,min=0,max=74,step=0',
      values: '74',
    },
  ];
  /** Elements that take no new value once the tone has sounded. */
  stubborn = false;
  /** The agent is gone from this program on. */
  goneAt: ((argv: readonly string[]) => boolean) | null = null;
  readonly programs: Program[] = [];
  readonly virsh: (readonly string[])[] = [];
  readonly said: string[] = [];

  ran(name: string): (readonly string[])[] {
    return this.programs.filter((p) => p.argv[0] === name).map((p) => p.argv);
  }

  host(): Host {
    const files = (path: string): Reading<string> => {
      const text = path === '/proc/interrupts' ? this.hostInterrupts() : this.hostFiles[path];
      return text === undefined ? { state: 'absent' } : { state: 'read', value: text };
    };
    const host: Partial<Host> = {
      read: files,
      list: (path) => {
        const names = this.hostDirectories[path];
        return names ? { state: 'read', value: names } : { state: 'absent' };
      },
      link: () =>
        this.hostDriver === null
          ? { state: 'absent' }
          : { state: 'read', value: `../../../../bus/pci/drivers/${this.hostDriver}` },
      exists: () => true,
      run: (argv, options) => this.run(argv, options),
      now: () => new Date(this.clock),
      sleep: async (ms) => {
        await new Promise((resolve) => setImmediate(resolve));
        this.clock += ms;
      },
    };
    return host as Host;
  }

  /** The guest as its agent shows it, without virsh and agent between. */
  view(): GuestView {
    const sleep = async (ms: number): Promise<void> => {
      await new Promise((resolve) => setImmediate(resolve));
      this.clock += ms;
    };
    return {
      name: 'own',
      now: () => this.clock,
      sleep,
      run: async (argv, { input = new Uint8Array(), deadlineMs = 30_000 } = {}) => {
        if (this.goneAt?.(argv)) this.agent = 'absent';
        if (this.agent !== 'answers') throw new GuestSilent('the guest agent of own does not answer');
        const program = this.program(argv, input);
        if (program === null) return { code: 127, stdout: '', stderr: 'Failed to execute child process' };
        this.programs.push(program);
        while (this.clock < program.begin + Math.min(program.ms, deadlineMs)) await sleep(50);
        if (program.ms > deadlineMs)
          return { code: null, stdout: '', stderr: `${argv[0]} did not end within 30 s` };
        return { code: program.code, stdout: program.out, stderr: program.err };
      },
    };
  }

  private worked(rate: number): number {
    const played = this.programs
      .filter((p) => p.argv[0] === 'aplay' && p.code === 0)
      .reduce((sum, p) => sum + Math.min(this.clock - p.begin, p.ms), 0);
    return Math.floor((played * rate + this.clock * this.noise) / 1000);
  }

  hostInterrupts(): string {
    const line = this.hostLine?.replace('N', String(this.hostCount + this.worked(this.hostRate)));
    return [
      '           CPU0       CPU1       ',
      ' 16:          0          0  IR-IO-APIC  16-fasteoi   i801_smbus',
      ' 25:          0          0  IR-PCI-MSI 81920-edge      PCIe PME, aerdrv',
      ' 34:        171          0  IR-PCI-MSI 442368-edge      snd_hda_intel:card0',
      ...(line === undefined ? [] : [line]),
      'NMI:          0          0   Non-maskable interrupts',
      'ERR:          0',
      '',
    ].join('\n');
  }

  private guestInterrupts(): string {
    const line = this.guestLine.replace('N', String(this.guestCount + this.worked(this.guestRate)));
    return `           CPU0       \n  4:        582   IO-APIC   4-edge      ttyS0\n${line}\nNMI:          0   Non-maskable interrupts\n`;
  }

  private async run(argv: readonly string[], _options?: RunOptions): Promise<RunResult> {
    this.virsh.push(argv);
    this.clock += 10;
    const done = (code: number, stdout: string, stderr = ''): RunResult => {
      return { argv, code, stdout, stderr, ms: 10, timedOut: false };
    };
    if (this.agent === 'absent' || this.clock < this.agentFrom) {
      return done(1, '', 'error: Guest agent is not responding: QEMU guest agent is not connected\n');
    }
    const command = JSON.parse(argv.at(-1)!) as { execute: string; arguments?: Record<string, unknown> };
    if (command.execute === 'guest-ping') return done(0, '{"return":{}}');
    if (command.execute === 'guest-exec') {
      const {
        path,
        arg,
        'input-data': input,
      } = command.arguments as {
        path: string;
        arg: string[];
        'input-data'?: string;
      };
      const program = [path, ...arg];
      if (this.goneAt?.(program)) this.agent = 'absent';
      if (this.agent === 'blocked') {
        return done(
          1,
          '',
          "error: internal error: unable to execute QEMU agent command 'guest-exec': Command guest-exec has been disabled\n",
        );
      }
      const made = this.program(program, Buffer.from(input ?? '', 'base64'));
      if (made === null) {
        return done(
          1,
          '',
          `error: internal error: unable to execute QEMU agent command 'guest-exec': Guest agent command failed, error was 'Failed to execute child process “${path}” (No such file or directory)'\n`,
        );
      }
      this.programs.push(made);
      return done(0, JSON.stringify({ return: { pid: this.programs.length } }));
    }
    const program = this.programs[(command.arguments as { pid: number }).pid - 1]!;
    if (this.clock < program.begin + program.ms) return done(0, '{"return":{"exited":false}}');
    const base64 = (text: string): string => Buffer.from(text).toString('base64');
    return done(
      0,
      JSON.stringify({
        return: {
          exited: true,
          exitcode: program.code,
          'out-data': base64(program.out),
          'err-data': base64(program.err),
        },
      }),
    );
  }

  /** Null: the guest has no such program. */
  private program(argv: readonly string[], input: Uint8Array): Program | null {
    const made = (code: number, out: string, err = '', ms = 0): Program => {
      return { argv, input, begin: this.clock, ms, code, out, err };
    };
    const [name, ...rest] = argv;
    const last = rest.at(-1)!;
    switch (name) {
      case 'ls': {
        const names = this.guestList(last);
        return names
          ? made(0, names.map((n) => `${n}\n`).join(''))
          : made(2, '', `ls: ${last}: No such file or directory\n`);
      }
      case 'cat': {
        const text = this.guestFile(last);
        return text === null
          ? made(1, '', `cat: can't open '${last}': No such file or directory\n`)
          : made(0, text);
      }
      case 'grep': {
        const lines = rest.slice(2).flatMap((path) => {
          const text = this.guestFile(path);
          return text === null
            ? []
            : text
                .trimEnd()
                .split('\n')
                .map((line) => `${path}:${line}\n`);
        });
        return made(lines.length > 0 ? 0 : 2, lines.join(''));
      }
      case 'readlink': {
        const driver = this.functions[last.split('/').at(-2)!]?.driver ?? null;
        if (last.startsWith('/sys/class/sound')) return made(0, `${this.cardDevice}\n`);
        return driver === null || this.clock < this.driverFrom
          ? made(1, '')
          : made(0, `../../../../../bus/pci/drivers/${driver}\n`);
      }
      case 'aplay':
        if (this.aplay === 'missing') return null;
        if (this.aplay === 'plays') return made(0, '', '', last === '-' && input.length === 0 ? 0 : 2000);
        if (this.aplay === 'deaf') return made(0, '', '', 10);
        // It was given nothing, and a slow agent made it look as if it had taken its two seconds.
        if (this.aplay === 'slowly-nothing') return made(0, '', '', 2000);
        if (this.aplay === 'busy')
          return made(1, '', 'aplay: main:831: audio open error: Device or resource busy\n', 50);
        if (this.aplay === 'hangs') return made(0, '', '', 1e9);
        if (this.aplay === 'wrong')
          return made(1, '', 'aplay: set_params:1343: Sample format non available\n', 50);
        return made(1, '', 'aplay: pcm_write:2127: write error: Input/output error\n', 10_000);
      case 'amixer':
        return this.amixerProgram(rest, made);
      default:
        return null;
    }
  }

  private amixerProgram(
    rest: readonly string[],
    made: (code: number, out: string, err?: string) => Program,
  ): Program | null {
    if (this.amixer === 'missing') return null;
    if (this.amixer === 'fails')
      return made(1, '', 'amixer: Control hw:0 open error: No such file or directory\n');
    if (rest.at(-1) === 'contents') {
      const text = this.mixer.map((e) => {
        const iface = e.name.includes('Jack') ? 'CARD' : 'MIXER';
        return `numid=${e.numid},iface=${iface},name='${e.name}'\n  ; type=${e.type}\n  : values=${e.values}\n`;
      });
      return made(0, text.join(''));
    }
    const [id, values] = rest.slice(-2) as [string, string];
    const element = this.mixer.find((e) => id === `numid=${e.numid}`)!;
    const sounded = this.programs.some((p) => p.argv[0] === 'aplay');
    if (!(this.stubborn && sounded)) element.values = values;
    return made(0, '');
  }

  private guestList(path: string): string[] | null {
    if (path === '/sys/bus/pci/devices') return Object.keys(this.functions);
    if (path === '/sys/class/sound') return this.soundNames;
    return path.endsWith('/msi_irqs') ? this.messages : null;
  }

  private guestFile(path: string): string | null {
    if (path === '/proc/interrupts') return this.guestInterrupts();
    if (path.startsWith('/proc/asound/')) return this.status(path);
    if (path.endsWith('/comm')) return this.holder ? `${this.holder.name}\n` : null;
    const [address, attribute] = path.split('/').slice(-2) as [string, 'vendor' | 'device' | 'class' | 'irq'];
    const text = this.functions[address]?.[attribute];
    return text === undefined ? null : `${text}\n`;
  }

  private status(path: string): string {
    const open = (state: string, pid: number, pointer: number): string =>
      `state: ${state}\nowner_pid   : ${pid}\ntrigger_time: 12.1\ntstamp      : 0.0\ndelay       : 22050\navail       : 0\navail_max   : 0\n-----\nhw_ptr      : ${pointer}\nappl_ptr    : ${pointer + 22050}\n`;
    const playback = path.includes('p/sub0');
    if (this.holder && playback !== (this.holder.records ?? false)) {
      return open(this.holder.state, this.holder.pid, this.holder.moves ? this.clock * 48 : 4800);
    }
    if (!playback) return 'closed\n';
    const playing = this.programs.find(
      (p) =>
        p.argv[0] === 'aplay' &&
        this.aplay !== 'slowly-nothing' &&
        this.clock < p.begin + p.ms &&
        p.ms > 1000,
    );
    if (!playing) return 'closed\n';
    return open(
      'RUNNING',
      99,
      playing.code === 0 && playing.ms < 1e9 ? (this.clock - playing.begin) * 48 : 0,
    );
  }
}

export const cardFunction = {
  address: CARD,
  vendor: '8086',
  device: '293e',
  class: '040300',
  group: 6,
} as PciFunction;

export interface LendShape {
  readonly state?: string;
  readonly live?: boolean;
  readonly agent?: boolean;
  readonly vfioNodes?: string[] | null;
  readonly guestAddress?: string | null;
  readonly functions?: readonly PciFunction[];
}

/** A model with one guest, `own`, that has been lent each of the functions. */
export function modelWith(shape: LendShape = {}): { model: HostModel; guest: GuestModel } {
  const functions = shape.functions ?? [cardFunction];
  const vfioNodes = shape.vfioNodes === undefined ? ['/dev/vfio/vfio', '/dev/vfio/6'] : shape.vfioNodes;
  const state = shape.state ?? 'running';
  const guest = {
    uuid: UUID,
    name: 'own',
    state,
    active: state !== 'shut off',
    agent: shape.agent ?? true,
    liveHostdevs: functions.map((f) => ({
      source: f.address,
      guestAddress: shape.guestAddress === undefined ? IN_GUEST : shape.guestAddress,
    })),
    fact: { uuid: UUID, pid: 4711, ...(vfioNodes === null ? {} : { vfioNodes }) },
  } as unknown as GuestModel;
  const lends = functions.map(
    (f): Lend => ({
      address: f.address,
      guest,
      configured: true,
      live: shape.live ?? state !== 'shut off',
      ours: true,
      managed: true,
    }),
  );
  const gap = {
    fact: 'libvirt.guests.vfioNodes',
    subject: UUID,
    state: 'unreadable',
    path: '/proc/4711/fd',
    why: 'needs root',
  };
  const model = {
    snapshot: { gaps: vfioNodes === null ? [gap] : [] } as unknown as Snapshot,
    functions: new Map(functions.map((f) => [f.address, f])),
    groups: new Map(),
    endpoints: { inGroup: new Map(), inDevice: new Map(), behind: new Map() },
    guests: [guest],
    lends,
  } as HostModel;
  return { model, guest };
}
