import { driverOf } from '../../facts/driver.ts';
import { Failure } from '../../failure.ts';
import { boardByName } from '../../host/simulated/boards/index.ts';
import { faultNames, faultPlant } from '../../host/simulated/faults.ts';
import { type SimulatedHost, simulatedHost } from '../../host/simulated/index.ts';
import type { Proof } from '../../proof/proof.ts';
import type { TryDocument } from '../../report/documents.ts';
import { styleOf } from '../../report/terminal.ts';
import { commandRun } from '../command-run.ts';
import { consoleRun } from '../console.ts';
import { type CliContext, print, printJson } from '../context.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { BOARD, DEVICE, proofsIn, type StoryStep, story } from '../story.ts';

interface TryFlags {
  readonly json?: boolean;
  readonly shell?: boolean;
  readonly break?: string;
}

/** A step of the story as it was told. */
interface StepTold {
  readonly command: string;
  readonly exit: number;
  readonly expected: number;
  readonly proofs: readonly Proof[];
}

/** Exit 0 when every step ended as it should, which it only does when its proofs are proven; else 7. */
export async function tryOut(this: CliContext, flags: TryFlags): Promise<ExitCode> {
  const board = boardByName(BOARD)!;
  const host = simulatedHost(board);
  if (flags.break !== undefined) {
    if (flags.break === 'list') {
      print(this, faultNames.join('\n'));
      return EXIT.done;
    }
    if (!faultNames.includes(flags.break)) {
      throw new Failure('usage', `there is no fault '${flags.break}'`, `there are: ${faultNames.join(', ')}`);
    }
    faultPlant(host, flags.break, DEVICE);
  }
  if (flags.shell) return consoleRun(this, host);

  const told: StepTold[] = [];
  const proofs: Proof[] = [];
  if (!flags.json) print(this, intro());
  for (const step of story) {
    const result = await stepRun(this, host, step, flags.json === true);
    told.push(result);
    proofs.push(...result.proofs);
    if (result.exit !== step.exit) break;
  }
  // A command whose proofs are not all proven does not exit 0.
  const whole = told.length === story.length && told.every((t) => t.exit === t.expected);
  if (flags.json) {
    const document: TryDocument = {
      schema: 'vfioctl/try/1',
      host: board.name,
      steps: told.map(({ command, exit, expected }) => ({ command, exit, expected })),
      proofs,
      final: finalDrivers(host),
    };
    printJson(this, document);
  } else {
    print(this, closing(host, whole));
  }
  return whole ? EXIT.done : EXIT.wanting;
}

async function stepRun(
  context: CliContext,
  host: SimulatedHost,
  step: StoryStep,
  json: boolean,
): Promise<StepTold> {
  const style = styleOf(context.color);
  if (!json) print(context, `\n${style.strong(step.tell)}`);
  if (step.argv[0] === 'reboot') {
    host.reboot();
    return { command: 'reboot', exit: EXIT.done, expected: step.exit, proofs: [] };
  }
  // A report with proofs is asked for as JSON; a person is shown the very same command's text.
  const asked = json ? [...step.argv, '--json'] : step.argv;
  if (!json) print(context, style.dim(`$ vfioctl ${step.argv.join(' ')}`));
  const result = await commandRun(host, asked, { color: context.color });
  if (!json) print(context, `${result.stderr}${result.stdout}`.trimEnd());
  const proofs = json ? proofsIn(result.stdout) : [];
  return { command: `vfioctl ${step.argv.join(' ')}`, exit: result.exit, expected: step.exit, proofs };
}

function finalDrivers(host: SimulatedHost): Record<string, string | null> {
  const listing = host.list('/sys/bus/pci/devices');
  const addresses = listing.state === 'read' ? listing.value : [];
  return Object.fromEntries(addresses.map((a) => [a, driverOf(host, a)]));
}

function intro(): string {
  return [
    'This is the whole job on a simulated laptop (Core i7-2620M, Fedora): nothing here touches your machine.',
    'Behind the simulated kernel and libvirt, the very same commands run as on a real host.',
  ].join('\n');
}

function closing(host: SimulatedHost, good: boolean): string {
  const driver = driverOf(host, DEVICE) ?? 'no driver';
  return good
    ? `\n${DEVICE} is back on ${driver}. Stay and break it yourself: vfioctl try --shell. On this machine: vfioctl status`
    : `\nThe story ended early: ${DEVICE} has ${driver}.`;
}
