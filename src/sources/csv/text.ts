import iconv from 'iconv-lite';

/** The text in the bytes of a file. What no character stands for becomes {@link LOST}, and is found in the values again. */
export const LOST = '\ufffd';

/** How a file is encoded, and how many bytes of its start only say so. */
export interface Encoding {
  readonly encoding: string;
  readonly markBytes: number;
}

/** The byte order marks; that of UTF-32LE begins with that of UTF-16LE. */
const MARKS = [
  { encoding: 'utf-8', mark: [0xef, 0xbb, 0xbf] },
  { encoding: 'utf-32le', mark: [0xff, 0xfe, 0, 0] },
  { encoding: 'utf-32be', mark: [0, 0, 0xfe, 0xff] },
  { encoding: 'utf-16le', mark: [0xff, 0xfe] },
  { encoding: 'utf-16be', mark: [0xfe, 0xff] },
];

/** The longest of the marks, in bytes. */
export const MARK_BYTES = 4;

/** A byte order mark counts more than what is configured. Without one, UTF-16 is little-endian, as Windows writes it. */
export function encodingOf(start: Uint8Array, configured: string): Encoding {
  const found = MARKS.find(({ mark }) => mark.every((byte, place) => start[place] === byte));
  if (found) return { encoding: found.encoding, markBytes: found.mark.length };
  // Else the library would guess the order from what it sees.
  return { encoding: /^utf-?(16|32)$/i.test(configured) ? `${configured}le` : configured, markBytes: 0 };
}

/** Decodes as it comes. Throws when the bytes end within a character, and when they cannot be text of this encoding. */
export async function* textOf(bytes: AsyncIterable<Buffer>, encoding: string): AsyncGenerator<string> {
  const decoder = iconv.getDecoder(encoding, { stripBOM: false });
  const unit = unitOf(encoding);
  let count = 0;
  let half = '';
  for await (const some of betweenCharacters(bytes)) {
    count += some.length;
    const text = half + decoder.write(some);
    // Whoever takes this on by itself would lose half a character.
    half = /[\ud800-\udbff]$/.test(text) ? text.slice(-1) : '';
    yield withoutNul(text.slice(0, text.length - half.length), { encoding, unit });
  }
  const rest = half + (decoder.end() ?? '');
  if (count % unit > 0 || rest.includes(LOST) || !rest.isWellFormed()) {
    throw new Error(`ends in the middle of a character of ${encoding}; the file may be cut off`);
  }
  yield rest;
}

/** Bytes without a place to cut them; a row as long as that is refused anyway. */
const HELD = 4 * 1024 * 1024;

/**
 * The same bytes, cut behind one below 0x30, which none of the encodings that mix characters of one byte and of several
 * has within a character. For where a piece begins within one, the library (iconv-lite 0.7.3) makes too little room and
 * drops the last letter of the piece.
 */
async function* betweenCharacters(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let held: Buffer[] = [];
  let length = 0;
  for await (const piece of pieces) {
    const end = piece.findLastIndex(byte => byte < 0x30) + 1 || (length < HELD ? 0 : piece.length);
    if (end > 0) {
      yield Buffer.concat([...held, piece.subarray(0, end)]);
      held = [];
      length = 0;
    }
    // A copy, for the next piece may come in the same memory.
    held.push(Buffer.from(piece.subarray(end)));
    length += piece.length - end;
  }
  yield Buffer.concat(held);
}

/** How many bytes everything in this encoding is a multiple of. */
const unitOf = (encoding: string) => iconv.encode(',', encoding, { addBOM: false }).length || 1;

function withoutNul(text: string, { encoding, unit }: { readonly encoding: string; readonly unit: number }): string {
  if (!text.includes('\0')) return text;
  if (unit > 1) throw new Error(`has NUL characters, which no table has; is it really ${encoding}?`);
  throw new Error('has NUL bytes, which no table has; is it UTF-16? Then set encoding: utf-16');
}
