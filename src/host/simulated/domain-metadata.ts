import { type Answer, answer, failed } from './answer.ts';
import { type Node, node, nodeChild, nodeRead, nodeRemove, nodeText } from './domain-node.ts';
import type { GuestState } from './state.ts';

/** Our and other people's elements in `<metadata>`, told apart by namespace; `xml` null removes, undefined asks. */
export function domainMetadata(
  guest: GuestState,
  uri: string,
  change: { key: string; xml: string | null } | undefined,
  scope: 'config' | 'live',
): Answer {
  if (scope === 'config' && guest.inactive === null) {
    const why = 'transient domains do not have any persistent config';
    return failed(`Requested operation is not valid: ${why}`);
  }
  const domain = nodeRead(scope === 'live' ? guest.live!.xml : guest.inactive!);
  const all = nodeChild(domain, 'metadata');
  const have = all?.children.find((c) =>
    [...c.attributes].some(([k, v]) => k.startsWith('xmlns') && v === uri),
  );
  if (change === undefined || (change.xml === null && !have)) {
    if (!have) return failed('metadata not found: Requested metadata element is not present');
    return answer(`${nodeText(unprefixed(have), '', '"')}\n`);
  }
  if (all && have) nodeRemove(all, have);
  if (change.xml !== null) {
    const given = prefixed(nodeRead(change.xml), change.key);
    const added = { ...given, attributes: new Map([[`xmlns:${change.key}`, uri], ...given.attributes]) };
    if (all) all.children.push(added);
    else metadataInsert(domain, node('metadata', {}, [added]));
  } else if (all?.children.length === 0) nodeRemove(domain, all);
  if (scope === 'live') guest.live!.xml = nodeText(domain);
  else guest.inactive = nodeText(domain);
  return answer('', 0, '', undefined, change.xml === null ? 'Metadata removed\n' : 'Metadata modified\n');
}

/** Behind name, uuid, title and description. */
function metadataInsert(domain: Node, metadata: Node): void {
  const at = domain.children.findLastIndex((c) =>
    ['name', 'uuid', 'genid', 'title', 'description'].includes(c.name),
  );
  domain.children.splice(at + 1, 0, metadata);
}

/** libvirt puts the namespace's prefix on the element and on all below it that have none. */
function prefixed(from: Node, key: string): Node {
  const name = from.name.includes(':') ? from.name : `${key}:${from.name}`;
  return { ...from, name, children: from.children.map((c) => prefixed(c, key)) };
}

function unprefixed(from: Node): Node {
  const attributes = new Map([...from.attributes].filter(([k]) => !k.startsWith('xmlns:')));
  return {
    ...from,
    name: from.name.replace(/^.*:/, ''),
    attributes,
    children: from.children.map(unprefixed),
  };
}
