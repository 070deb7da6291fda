import assert from 'node:assert/strict';
import { hostdevXml } from '../../../src/edit/xml/hostdev.ts';
import type { RunResult } from '../../../src/host/host.ts';
import { boardByName } from '../../../src/host/simulated/boards/index.ts';
import { type SimulatedHost, simulatedHost } from '../../../src/host/simulated/index.ts';

/** The simulated machines of these tests, and the things that a person would type at them. */
export const CARD = '0000:00:1b.0';
export const F20VM = 'f20vm';

export function machine(board: string): SimulatedHost {
  const found = boardByName(board);
  assert.ok(found, `no board ${board}`);
  return simulatedHost(found);
}

/** The laptop with its IOMMU switched on, as after `prepare` and a reboot. */
export async function laptop(): Promise<SimulatedHost> {
  const host = machine('i7-2620m');
  await host.run(['grubby', '--update-kernel=ALL', '--args=intel_iommu=on']);
  host.reboot();
  return host;
}

export function virsh(host: SimulatedHost, ...args: string[]): Promise<RunResult> {
  return host.run(['virsh', '--connect', 'qemu:///system', ...args]);
}

/** What virsh answers quietly to something that works. */
export async function virshQuiet(host: SimulatedHost, args: readonly string[], input = ''): Promise<string> {
  const result = await host.run(['virsh', '-q', '--connect', 'qemu:///system', ...args], { input });
  assert.equal(result.code, 0, result.stderr);
  return result.stdout;
}

export async function fails(host: SimulatedHost, args: readonly string[], input = ''): Promise<string> {
  const result = await host.run(['virsh', '-q', '--connect', 'qemu:///system', ...args], { input });
  assert.equal(result.code, 1, `virsh ${args.join(' ')} worked`);
  assert.equal(result.stdout, '');
  return result.stderr;
}

export function attach(
  host: SimulatedHost,
  guest: string,
  address: string,
  { managed = true, scope = 'config', guestAddress = null as string | null } = {},
): Promise<RunResult> {
  const input = hostdevXml({ address, alias: 'ua-test', managed, guestAddress });
  return host.run(['virsh', '-q', 'attach-device', guest, '/dev/stdin', `--${scope}`], { input });
}

export async function attached(...args: Parameters<typeof attach>): Promise<void> {
  const result = await attach(...args);
  assert.equal(result.code, 0, result.stderr);
}

export function driver(host: SimulatedHost, address: string): string | null {
  const link = host.link(`/sys/bus/pci/devices/${address}/driver`);
  return link.state === 'read' ? (link.value.split('/').at(-1) ?? null) : null;
}

export function text(host: SimulatedHost, path: string): string {
  const reading = host.read(path);
  assert.equal(reading.state, 'read', `${path} is ${reading.state}`);
  return reading.state === 'read' ? reading.value : '';
}

export function names(host: SimulatedHost, path: string): string[] {
  const reading = host.list(path);
  assert.equal(reading.state, 'read', `${path} is ${reading.state}`);
  return reading.state === 'read' ? reading.value : [];
}

/** A program in the guest, through its agent, until it has ended. */
export async function inGuest(
  host: SimulatedHost,
  guest: string,
  ...argv: string[]
): Promise<{ code: number; stdout: string; stderr: string }> {
  const [path, ...arg] = argv;
  const ask = async (command: object): Promise<Record<string, unknown>> =>
    JSON.parse(await virshQuiet(host, ['qemu-agent-command', guest, JSON.stringify(command)])).return;
  const { pid } = await ask({ execute: 'guest-exec', arguments: { path, arg, 'capture-output': true } });
  for (;;) {
    const status = await ask({ execute: 'guest-exec-status', arguments: { pid } });
    if (status.exited) {
      const plain = (data: unknown): string => Buffer.from(String(data ?? ''), 'base64').toString();
      return {
        code: Number(status.exitcode),
        stdout: plain(status['out-data']),
        stderr: plain(status['err-data']),
      };
    }
    await host.sleep(200);
  }
}

/** Started, and its agent answers. */
export async function startedUp(host: SimulatedHost, guest: string): Promise<void> {
  await virshQuiet(host, ['start', guest]);
  await host.sleep(10_000);
}

export function interruptsOf(host: SimulatedHost, name: string): number | null {
  const line = text(host, '/proc/interrupts')
    .split('\n')
    .find((l) => l.includes(name));
  if (line === undefined) return null;
  const processors = host.state.board.cpu.count;
  const counts = line
    .trim()
    .split(/\s+/)
    .slice(1, 1 + processors)
    .map(Number);
  return counts.reduce((sum, n) => sum + n, 0);
}
