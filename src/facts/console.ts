import type { Look } from './look.ts';
import { pciPathAddresses, pciPathOwners } from './pci-path.ts';
import type { Snapshot } from './snapshot.ts';

type Console = NonNullable<Snapshot['console']>;

const GRAPHICS = '/sys/class/graphics';
const CONSOLES = '/sys/class/vtconsole';
const MEMORY = '/proc/iomem';

/** Framebuffers, whether the text console shows on them, and where the firmware's own framebuffer lies. */
export function consoleFacts(look: Look): Snapshot['console'] {
  const names = look.list('console', GRAPHICS);
  const bound = consoleBound(look);
  const words = look.text('console', '/proc/cmdline');
  if (names === undefined || bound === undefined || words === undefined) return undefined;
  const numbers = (names ?? [])
    .flatMap((name) => /^fb(\d+)$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
  // fbcon takes the first framebuffer for all consoles, unless `fbcon=map:` spreads them (Documentation/fb/fbcon.rst).
  const mapped = [...(/(?:^|\s)fbcon=(?:\S*,)?map:(\d+)/.exec(words ?? '')?.[1] ?? '')].map(Number);
  const shown = bound ? new Set([...numbers.slice(0, 1), ...mapped]) : new Set<number>();
  const memory = firmwareFramebuffers(look);
  return {
    framebuffers: numbers.map((number) => framebufferOf(look, `fb${number}`, shown.has(number))),
    ...(memory ? { memory } : {}),
  };
}

/** `vtcon1`: name `(M) frame buffer device`, bind `1`. */
function consoleBound(look: Look): boolean | undefined {
  const names = look.list('console', CONSOLES);
  if (names === undefined) return undefined;
  for (const name of names ?? []) {
    const driver = look.text('console', `${CONSOLES}/${name}/name`);
    const bind = look.text('console', `${CONSOLES}/${name}/bind`);
    if (driver === undefined || bind === undefined) return undefined;
    if (driver?.includes('frame buffer') && bind === '1') return true;
  }
  return false;
}

/** Since 6.9 the firmware's platform device hangs below its function too (sysfb); before, only memory tells. */
function framebufferOf(look: Look, name: string, shown: boolean): Console['framebuffers'][number] {
  const path = `${GRAPHICS}/${name}`;
  const target = look.known('console.framebuffers', path, look.host.link(path), name) ?? '';
  return {
    name,
    // `i915drmfb`, `EFI VGA`, `simpledrmdrmfb`.
    driver: look.text('console.framebuffers', `${path}/name`, name) ?? null,
    function: pciPathOwners(target).at(-1) ?? null,
    console: shown,
  };
}

/** As sysfb, efifb, vesafb, simplefb and their DRM successors claim the firmware's framebuffer. */
const FIRMWARE = /^(BOOTFB|(efi|vesa|simple)(fb|drm)|(efi|vesa|simple)-framebuffer(\.\d+)?)$/;

/** By range: `d0000000-d12fffff : BOOTFB` inside of `d0000000-dfffffff : 0000:01:00.0`. */
function firmwareFramebuffers(look: Look): Console['memory'] {
  const text = look.text('console.memory', MEMORY);
  if (text === undefined) return undefined;
  const rows = [...(text ?? '').matchAll(/^ *([0-9a-f]+)-([0-9a-f]+) : (.*)$/gm)].map(
    ([, start = '', end = '', name = '']) => ({ start, end, name, from: hex(start), to: hex(end) }),
  );
  // Without CAP_SYS_ADMIN every address reads as zero (kernel/resource.c).
  if (rows.length > 0 && rows.every((row) => row.to === 0)) {
    look.gap('console.memory', MEMORY, 'addresses are hidden without root');
    return undefined;
  }
  const bars = rows.filter((row) => pciPathAddresses(row.name).length === 1);
  const claims = rows.filter((row) => FIRMWARE.test(row.name));
  return claims
    .filter((row, at) => !claims.slice(0, at).some((above) => above.from <= row.from && row.to <= above.to))
    .map(({ start, end, name, from, to }) => ({
      name,
      start: `0x${start}`,
      end: `0x${end}`,
      // What lies inside of another function's memory (VMD) comes after it.
      function: bars.findLast((bar) => bar.from <= to && from <= bar.to)?.name ?? null,
    }));
}

function hex(digits: string): number {
  return Number.parseInt(digits, 16);
}
