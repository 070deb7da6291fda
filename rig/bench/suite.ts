import type { Image } from '../image/build.ts';
import { Machine, MachineFailure } from '../machine/machine.ts';
import { type ShapeName, shapes } from '../machine/shape.ts';
import { Bench } from './bench.ts';
import type { Scenario } from './scenario.ts';
import { type HostState, hostDifferences, hostState, quietHost, restoreHost } from './witness.ts';

export type SuiteParts = {
  readonly image: Image;
  readonly tool: string | null;
  readonly runs: string;
  /** How many machines may run side by side; each keeps one processor busy. */
  readonly lanes: number;
  readonly say: (line: string) => void;
};

export type SuiteResult = { readonly passed: number; readonly failed: number };

const scenarioSeconds = 420;

/** Runs scenarios, those of one machine shape on one boot, and prints each with its time. */
export async function runSuite(
  name: string,
  scenarios: readonly Scenario[],
  parts: SuiteParts,
): Promise<SuiteResult> {
  const passed = new Set<Scenario>();
  const ran = new Set<Scenario>();
  const queues = new Map<ShapeName, Scenario[]>();
  for (const scenario of scenarios) {
    queues.set(scenario.machine, [...(queues.get(scenario.machine) ?? []), scenario]);
  }
  const served = new Set<ShapeName>();
  const lane = async (): Promise<void> => {
    for (let shape = nextShape(queues, served); shape !== null; shape = nextShape(queues, served)) {
      const queue = queues.get(shape) ?? [];
      served.add(shape);
      const next = () => queue.shift();
      await runOnShape(shape, next, parts, (scenario, ok) => {
        ran.add(scenario);
        if (ok) passed.add(scenario);
      });
      served.delete(shape);
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, parts.lanes) }, lane));
  for (const scenario of scenarios.filter((candidate) => !ran.has(candidate))) {
    parts.say(`FAIL ${scenario.name}: it did not run`);
  }
  for (const line of kindsPassed(scenarios, passed)) parts.say(`${name}: ${line}`);
  const result = { passed: passed.size, failed: scenarios.length - passed.size };
  parts.say(`${name}: ${result.passed} passed, ${result.failed} failed`);
  return result;
}

/** One line a kind of scenario: how many of it passed, of how many. */
function kindsPassed(scenarios: readonly Scenario[], passed: ReadonlySet<Scenario>): string[] {
  const kinds = [...new Set(scenarios.flatMap(({ counts }) => counts ?? []))];
  return kinds.map((kind) => {
    const all = scenarios.filter(({ counts }) => counts === kind);
    return `${all.filter((one) => passed.has(one)).length} of ${all.length} ${kind}`;
  });
}

/**
 * The machine to power on next: the one with most to do that nobody serves. A second one of a kind is worth its boot
 * when two scenarios wait for it.
 */
function nextShape(
  queues: ReadonlyMap<ShapeName, readonly Scenario[]>,
  served: ReadonlySet<ShapeName>,
): ShapeName | null {
  const waiting = [...queues]
    .filter(([shape, queue]) => queue.length >= (served.has(shape) ? 2 : 1))
    .sort(
      ([left, short], [right, long]) =>
        Number(served.has(left)) - Number(served.has(right)) || long.length - short.length,
    );
  return waiting[0]?.[0] ?? null;
}

async function runOnShape(
  shape: ShapeName,
  next: () => Scenario | undefined,
  parts: SuiteParts,
  report: (scenario: Scenario, ok: boolean) => void,
): Promise<void> {
  const { image, tool, runs, say } = parts;
  const { kernel, initramfs, disk } = image;
  const files = { shape: shapes[shape], kernel, initramfs, image: disk, tool, runs, lifeSeconds: 3000, say };
  const powerOn = (folder: string): Promise<Machine> => Machine.boot({ ...files, folder });
  let machine: Machine | null = null;
  let baseline: HostState | null = null;
  let clean = true;
  for (let scenario = next(); scenario !== undefined; scenario = next()) {
    let start = Date.now();
    let bench: Bench | null = null;
    try {
      if (machine === null) {
        machine = await Machine.boot(files);
        say(`machine ${shape}: ready in ${machine.bootedIn.toFixed(1)} s`);
        baseline = await hostState(machine);
      }
      start = Date.now();
      bench = new Bench(machine, powerOn);
      await withDeadline(scenario.run(bench));
      machine = bench.machine;
      await hostAsBefore(machine, baseline as HostState);
      say(`ok   ${scenario.name} ${seconds(start)} s${bench.notes.map((note) => `\n     ${note}`).join('')}`);
      report(scenario, true);
    } catch (cause) {
      clean = false;
      report(scenario, false);
      machine = bench?.machine ?? machine;
      const consoles = machine === null ? '' : await guestConsoles(machine);
      say(`FAIL ${scenario.name} ${seconds(start)} s\n${failureText(cause, bench, consoles)}`);
      if (machine !== null && !(await recovered(machine, baseline, cause))) {
        say(`machine ${shape}: given up, files in ${machine.folder}\n${machine.consoleTail()}`);
        await machine.kill();
        machine = null;
      }
    }
  }
  if (machine === null) return;
  await machine.powerOff();
  if (clean) machine.discard();
  else say(`machine ${shape}: files in ${machine.folder}`);
}

/** The independent witness of every scenario: drivers, overrides and definitions, by sysfs and virsh. */
async function hostAsBefore(machine: Machine, baseline: HostState): Promise<void> {
  const differences = hostDifferences(baseline, await hostState(machine));
  if (differences.length > 0) throw new Error(`the host is not as it was before\n${differences.join('\n')}`);
}

/** After a failure: whether the machine is, or could be put, as it was, so that the next scenario can have it. */
async function recovered(machine: Machine, baseline: HostState | null, cause: unknown): Promise<boolean> {
  if (baseline === null || cause instanceof MachineFailure) return false;
  try {
    await quietHost(machine);
    const now = await hostState(machine);
    if (hostDifferences(baseline, now).length > 0) await restoreHost(machine, baseline, now);
    return hostDifferences(baseline, await hostState(machine)).length === 0;
  } catch {
    return false;
  }
}

async function withDeadline(work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new MachineFailure(`not done after ${scenarioSeconds} s`)),
      scenarioSeconds * 1000,
    );
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function failureText(cause: unknown, bench: Bench | null, consoles: string): string {
  const words = cause instanceof Error ? cause.message : String(cause);
  const parts = [words];
  if (bench !== null) parts.push(...bench.notes, '--- what was run', bench.transcript().slice(-12_000));
  if (consoles !== '') parts.push('--- the guests', consoles);
  return parts.join('\n').replaceAll(/^/gm, '     ');
}

/** The last words of the guests that ran, and of their QEMUs. Nothing when the machine does not answer any more. */
async function guestConsoles(machine: Machine): Promise<string> {
  try {
    const script =
      'cd /var/log/libvirt/qemu && tail -v -n 12 *.console; tail -v -n 3 *.log; dmesg | tail -n 5';
    return (await machine.run(script, { seconds: 20 })).stdout;
  } catch {
    return '';
  }
}

function seconds(start: number): string {
  return ((Date.now() - start) / 1000).toFixed(1);
}
