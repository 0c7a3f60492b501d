/** The form in which texts are searched: without regard to case and width, as names are compared everywhere else. */
export const foldText = (text: string): string =>
  text.normalize('NFKC').toLowerCase().toUpperCase().toLowerCase().normalize('NFKC');

/** The words of a search; all of them have to be found. */
export const searchWords = (query: string): string[] =>
  foldText(query)
    .split(/\s+/)
    .filter(word => word !== '');

/** Whether a folded text has all words in it. */
export const hasWords = (text: string, words: readonly string[]): boolean => words.every(word => text.includes(word));
