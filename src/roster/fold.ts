const plain = /^[\x20-\x7e]*$/;

/**
 * The form in which names are compared for being the same: trimmed, NFKC, case folded. JavaScript has no case folding
 * of its own; lower, upper and again lower case brings ẞ, ß and SS, ς and σ together, as folding does.
 */
export function fold(name: string): string {
  if (plain.test(name)) return name.trim().toLowerCase();
  return name.normalize('NFKC').toLowerCase().toUpperCase().toLowerCase().normalize('NFKC').trim();
}
