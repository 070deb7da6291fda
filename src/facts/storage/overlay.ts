import { type Mount, mountAbove, octalDecode } from './mounts.ts';

/**
 * The file systems that an overlay is laid over: `/` of a live system, of a stateless host, of a container. A layer whose
 * path cannot be seen any more, since the root was changed after it was mounted, is on none of them.
 */
export function overlayLayers(mounts: readonly Mount[], overlay: Mount): Mount[] {
  const others = mounts.filter((mount) => mount !== overlay);
  const layers = layerPaths(overlay).flatMap((path) => mountAbove(others, path) ?? []);
  return [...new Set(layers)];
}

/** `lowerdir=A:B`, since Linux 6.8 also `lowerdir+=A` and `datadir+=B`; relative ones lie beside the others. */
function layerPaths({ options }: Mount): string[] {
  return options
    .flatMap((option) => /^(?:lowerdir\+?|datadir\+|upperdir)=(.*)$/.exec(option)?.[1] ?? [])
    .flatMap((text) => octalDecode(text).split(/(?<!\\):/))
    .map((path) => path.replace(/\\(.)/g, '$1'))
    .filter((path) => path.startsWith('/'));
}
