import { aliasOf, hostdevXml } from '../../edit/xml/hostdev.ts';
import { factOf } from '../../facts/gap.ts';
import type { Need, PciFunction } from '../../facts/snapshot.ts';
import { findingsOf, needsOf, rulesFor } from '../../findings/index.ts';
import { verdictOf } from '../../findings/verdict.ts';
import { addressNodeDevice, addressShort } from '../../model/address.ts';
import { groupMates, type HostModel } from '../../model/model.ts';
import { selectorResolve } from '../../model/selector.ts';
import type { ShowDocument } from '../../report/documents.ts';
import { findingsText } from '../../report/findings.ts';
import { table } from '../../report/table.ts';
import { harmless, styleOf } from '../../report/terminal.ts';
import { type CliContext, print, printJson } from '../context.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import type { LookFlags } from '../flags.ts';
import { type Look, lookAt } from '../look.ts';

export async function show(this: CliContext, flags: LookFlags, device: string): Promise<ExitCode> {
  const needs: Need[] = [...needsOf(rulesFor('function')), 'config', 'override', 'details', 'groups'];
  const look = await lookAt(this, flags, needs);
  const functions = selectorResolve(look.model, device, look.name);
  if (flags.json) {
    const document: ShowDocument = {
      schema: 'vfioctl/show/1',
      functions: functions.map((f) => entry(look, f)),
    };
    printJson(this, document);
    return EXIT.done;
  }
  const style = styleOf(this.color);
  const columns = this.columns === null ? null : this.columns - 2;
  const lines = functions.flatMap((f, i) => [
    ...(i === 0 ? [] : ['']),
    style.strong(`${addressShort(f.address)} ${harmless(look.name(f))}`),
    ...table(properties(look.model, f), columns).map((l) => `  ${l}`),
    '  xml:',
    ...xmlOf(f)
      .split('\n')
      .map((l) => `    ${l}`),
  ]);
  const question = { functions: functions.map((f) => f.address), guest: null, slot: null };
  const findings = findingsOf(look.model, question).filter((f) => f.subject !== 'host');
  const worth = flags.verbose ? findings : findings.filter((f) => f.state !== 'clear');
  if (worth.length > 0)
    lines.push('', ...findingsText(worth, { style, columns: this.columns, verbose: flags.verbose ?? false }));
  print(this, lines.join('\n'));
  return EXIT.done;
}

function properties(model: HostModel, fn: PciFunction): string[][] {
  const { snapshot } = model;
  const mates = groupMates(model, fn.address);
  const override = factOf(snapshot, 'functions.driverOverride', fn.address, fn.driverOverride);
  const resets = factOf(snapshot, 'functions.resetMethods', fn.address, fn.resetMethods);
  const capabilities = factOf(snapshot, 'functions.capabilities', fn.address, fn.capabilities);
  const cards = (snapshot.sound ?? [])
    .filter((s) => s.function === fn.address)
    .map((s) => `sound card ${s.card} (${s.name})`);
  const links = (snapshot.network ?? [])
    .filter((n) => n.function === fn.address)
    .map((n) => `${n.name}${n.up ? ' (up)' : ''}`);
  const disks = (snapshot.storage ?? [])
    .filter((d) => d.function === fn.address)
    .map((d) => `${d.name} ${d.mounts.join(' ')}`.trim());
  return [
    [
      'id',
      `${fn.vendor}:${fn.device}${fn.subsystemVendor ? `, subsystem ${fn.subsystemVendor}:${fn.subsystemDevice}` : ''}, class ${fn.class}, revision ${fn.revision}`,
    ],
    ['node device', addressNodeDevice(fn.address)],
    ['driver', `${fn.driver ?? 'none'}${override.state === 'read' ? `, override ${override.value}` : ''}`],
    [
      'group',
      fn.group === null
        ? 'none'
        : `${fn.group}, ${mates?.length ? `with ${mates.map((m) => addressShort(m.address)).join(', ')}` : 'alone in it'}`,
    ],
    ['path', fn.path.length === 0 ? 'on the root bus' : `behind ${fn.path.map(addressShort).join(' > ')}`],
    [
      'reset',
      resets.state === 'read'
        ? resets.value.join(', ') || 'none'
        : resets.state === 'absent'
          ? 'the kernel does not say'
          : `unknown (${resets.gap.why})`,
    ],
    [
      'capabilities',
      capabilities.state === 'read'
        ? capabilityWords(capabilities.value)
        : capabilities.state === 'absent'
          ? 'none'
          : `unknown (${capabilities.gap.why})`,
    ],
    [
      'bars',
      (fn.bars ?? [])
        .map(
          (b) =>
            `${b.index}: ${bytes(b.bytes)} ${b.kind}${b.wide ? ', 64 bit' : ''}${b.prefetchable ? ', prefetchable' : ''}`,
        )
        .join('; ') || 'none',
    ],
    ['used as', [...cards, ...links, ...disks].join('; ') || 'nothing that was seen'],
    [
      'lent to',
      model.lends
        .filter((l) => l.address === fn.address)
        .map((l) => l.guest.name)
        .join(', ') || 'nobody',
    ],
    ['verdict', verdictOf(model, fn.address).text],
  ];
}

function capabilityWords(c: NonNullable<PciFunction['capabilities']>): string {
  const words = [
    c.pcieType ?? 'conventional PCI',
    c.flr || c.afFlr ? 'function level reset' : null,
    c.pm ? 'power management' : null,
    c.msix ? 'MSI-X' : null,
    c.msi ? 'MSI' : null,
    c.acs ? 'ACS' : null,
    c.sriov ? 'SR-IOV' : null,
  ];
  return words.filter((w) => w !== null).join(', ');
}

function bytes(count: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let power = 0;
  while (count >= 1024 && power < units.length - 1) {
    count /= 1024;
    power++;
  }
  return `${Number(count.toFixed(1))} ${units[power]}`;
}

function xmlOf(fn: PciFunction): string {
  return hostdevXml({ address: fn.address, alias: aliasOf(fn.address), managed: true }).trimEnd();
}

function entry(look: Look, fn: PciFunction): ShowDocument['functions'][number] {
  return {
    ...fn,
    name: look.name(fn),
    mates: groupMates(look.model, fn.address)?.map((m) => m.address) ?? null,
    verdict: verdictOf(look.model, fn.address),
    guests: look.model.lends.filter((l) => l.address === fn.address).map((l) => l.guest.name),
    xml: xmlOf(fn),
  };
}
