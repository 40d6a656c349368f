const prime = 0x01000193

/** FNV-1a (Fowler, Noll and Vo) over the code units of a text, unsigned 32 bits; another `basis` gives another hash. */
export function hashOf(text: string, basis = 0x811c9dc5): number {
  let hash = basis
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), prime)
  return (hash ^ (hash >>> 15)) >>> 0
}
