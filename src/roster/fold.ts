const plain = /^[\x20-\x7e]*$/;

/**
 * The form in which names are compared for being the same: trimmed, NFKC, case folded. JavaScript has no case folding
 * of its own; upper and then lower case brings ß and SS, ς and σ together, as folding does.
 */
export function fold(name: string): string {
  const trimmed = name.trim();
  if (plain.test(trimmed)) return trimmed.toLowerCase();
  return trimmed.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC');
}
