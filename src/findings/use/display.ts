import type { PciFunction } from '../../facts/snapshot.ts';
import { type HostModel, hangingOn } from '../../model/model.ts';
import { isPassthroughDriver } from '../function-word.ts';
import { evidence } from '../rule.ts';
import { sysfsOf } from '../subject.ts';
import { gapBeside } from '../unread.ts';
import { type Use, type Uses, useHeld, usesRead, usesUnread } from './use.ts';

/**
 * Screens, consoles and whatever draws: `along` are the functions that go with it, so that the last of several
 * graphics cards is still the last.
 */
export function displayUses(
  model: HostModel,
  fn: PciFunction,
  along: readonly string[] = [fn.address],
): Uses {
  const { display, console } = model.snapshot;
  if (!display) return usesUnread('display');
  const graphics = fn.class.startsWith('03');
  const nodes = hangingOn(display, fn.address);
  const uses = [
    ...screenUses(model, fn, along),
    ...nodes.flatMap(({ name, openBy }) => (openBy ? [useHeld(name, `/dev/dri/${name}`, name, openBy)] : [])),
    ...consoleUses(model, fn),
  ];
  const hidden = nodes.find((node) => !node.openBy);
  if (!uses.some((use) => use.busy)) {
    if (hidden) return usesUnread('display.openBy', hidden.name);
    if (gapBeside(model, 'functions.bootVga', fn.address)) return usesUnread('functions.bootVga', fn.address);
    if (graphics && !console) return usesUnread('console');
    if (graphics && !console?.memory) return usesUnread('console.memory');
  }
  // Where a framebuffer lies matters to graphics only.
  return usesRead(model, uses, ['display.function', ...(graphics ? ['console.framebuffers'] : [])]);
}

/** One on vfio-pci shows nothing of the host any more, whatever the firmware did at boot. */
function screenUses(model: HostModel, fn: PciFunction, along: readonly string[]): Use[] {
  if (lentOff(fn)) return [];
  const only = drawsScreen(fn) && !screenStays(model, along);
  if (fn.bootVga === true) {
    const text = `the firmware started its display on it${only ? ', and no other GPU stays with the host' : ''}`;
    return [
      { name: 'the boot display', busy: true, evidence: evidence(sysfsOf(fn.address, 'boot_vga'), text) },
    ];
  }
  if (!only) return [];
  const text = 'no other GPU stays with the host';
  return [{ name: 'the only GPU', busy: true, evidence: evidence(sysfsOf(fn.address, 'class'), text) }];
}

/** Some other GPU stays with the host. */
function screenStays(model: HostModel, along: readonly string[]): boolean {
  for (const other of model.functions.values()) {
    if (drawsScreen(other) && !lentOff(other) && !along.includes(other.address)) return true;
  }
  return false;
}

/** The text console's framebuffer, and the firmware's: that one holds the memory even without a driver. */
function consoleUses(model: HostModel, fn: PciFunction): Use[] {
  const { framebuffers = [], memory = [] } = model.snapshot.console ?? {};
  const drawn = framebuffers
    .filter((framebuffer) => framebuffer.function === fn.address)
    .map(({ name, console }): Use => {
      const text = console ? `the text console is on ${name}` : `${name} shows no console`;
      return { name, busy: console, evidence: evidence(`/sys/class/graphics/${name}`, text) };
    });
  const claimed = memory
    .filter((claim) => claim.function === fn.address)
    .map(({ name, start, end }): Use => {
      const text = `the firmware's framebuffer ${name} lies in its memory (${start}-${end})`;
      return { name, busy: true, evidence: evidence('/proc/iomem', text) };
    });
  return [...drawn, ...claimed];
}

/** A 3D controller (0302) has no screen of its own, and a virtual function none at all. */
function drawsScreen(fn: PciFunction): boolean {
  return fn.class.startsWith('03') && !fn.class.startsWith('0302') && fn.physicalFunction === null;
}

function lentOff(fn: PciFunction): boolean {
  return fn.driver !== null && isPassthroughDriver(fn.driver);
}
