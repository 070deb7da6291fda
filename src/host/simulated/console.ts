import { Failure } from '../../failure.ts';
import type { SimulatedHost } from './index.ts';

export interface ConsoleAnswer {
  /** Standard output and error as a terminal shows them: one after the other. */
  readonly stdout: string;
  readonly code: number;
}

const HELP = `cat FILE…            show a file
ls [DIRECTORY]       list names
readlink [-f] LINK   where a link leads
echo TEXT > FILE     write to a file of sysfs; echo > FILE writes a newline
virsh VERB …         libvirt: list, dumpxml, define, start, shutdown, attach-device, nodedev-detach, …
modprobe [-r] NAME   load or remove a module; lsmod lists them
lspci [-s ADDRESS]   functions with their drivers
grubby …             --info=ALL, --update-kernel=ALL --args=… or --remove-args=…
dmesg                the kernel's log
sleep SECONDS        let time pass
reboot               start the machine again
vfioctl …            the tool itself
`;

/** One typed line on the simulated machine. A closed list: everything else says that it is not simulated. */
export async function simulatedConsole(host: SimulatedHost, line: string): Promise<ConsoleAnswer> {
  const redirected = /^\s*echo\b(.*)>\s*(\S+)\s*$/.exec(line);
  const target = redirected?.[2];
  const [name = '', ...args] = redirected ? ['echo', ...wordsOf(redirected[1] ?? '')] : wordsOf(line);
  const said = (stdout: string, code = 0): ConsoleAnswer => ({ stdout, code });
  try {
    switch (name) {
      case 'help':
        return said(HELP);
      case 'cat':
        return joined(args.map((path) => cat(host, path)));
      case 'ls':
        return joined((args.length > 0 ? args : ['/']).map((path) => ls(host, path)));
      case 'readlink': {
        const path = args.at(-1) ?? '';
        const reading = args.includes('-f') ? host.real(path) : host.link(path);
        return reading.state === 'read' ? said(`${reading.value}\n`) : said('', 1);
      }
      case 'echo':
        if (target === undefined) return said(`${args.join(' ')}\n`);
        host.write(target, `${args.join(' ')}\n`);
        return said('');
      case 'lspci':
        return said(lspci(host, args));
      case 'sleep':
        await host.sleep(Number(args[0] ?? 0) * 1000);
        return said('');
      case 'reboot':
        host.reboot();
        return said('The machine has started again.\n');
      default: {
        const result = await host.run([name, ...args], { deadlineMs: 600_000 });
        return said(result.stdout + result.stderr, result.code ?? 1);
      }
    }
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return said(`${error.message}\n`, error.code === 'not-simulated' ? 127 : 1);
  }
}

/** Blanks part words, but not inside of quotes, of which a word may have some in it; there is no other syntax. */
export function wordsOf(line: string): string[] {
  const words = line.match(/(?:"[^"]*"|'[^']*'|\\.|[^\s"'\\])+/g) ?? [];
  return words.map((word) =>
    word.replace(
      /"([^"]*)"|'([^']*)'|\\(.)/g,
      (_, double?: string, single?: string, escaped?: string) => double ?? single ?? escaped ?? '',
    ),
  );
}

function joined(answers: readonly ConsoleAnswer[]): ConsoleAnswer {
  return { stdout: answers.map((a) => a.stdout).join(''), code: Math.max(0, ...answers.map((a) => a.code)) };
}

function cat(host: SimulatedHost, path: string): ConsoleAnswer {
  const reading = host.read(path);
  if (reading.state === 'read') return { stdout: reading.value, code: 0 };
  const why = reading.state === 'absent' ? 'No such file or directory' : reading.why;
  return { stdout: `cat: ${path}: ${why}\n`, code: 1 };
}

function ls(host: SimulatedHost, path: string): ConsoleAnswer {
  const names = host.list(path);
  if (names.state === 'read') return { stdout: names.value.map((n) => `${n}\n`).join(''), code: 0 };
  if (host.exists(path)) return { stdout: `${path}\n`, code: 0 };
  return { stdout: `ls: cannot access '${path}': No such file or directory\n`, code: 2 };
}

/** As `lspci -nnk`, as far as it is of use here; `-s` picks by the end of the address. */
function lspci(host: SimulatedHost, args: readonly string[]): string {
  const only = args.includes('-s') ? (args[args.indexOf('-s') + 1] ?? '') : '';
  const { board, kernel } = host.state;
  return board.functions
    .filter((f) => f.address.slice(5).startsWith(only) || f.address.startsWith(only))
    .map((f) => {
      const driver = kernel.drivers[f.address];
      const vendor = board.vendors[f.vendor] ?? 'Unknown vendor';
      const text = `${f.address.slice(5)} [${f.class.slice(0, 4)}]: ${vendor} ${f.name} [${f.vendor}:${f.device}] (rev ${f.revision})\n`;
      return driver === undefined ? text : `${text}\tKernel driver in use: ${driver}\n`;
    })
    .join('');
}
