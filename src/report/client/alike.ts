import { visible } from '../visible.ts';

/** Whether two texts that differ would look the same. */
export const looksAlike = (a: string, b: string): boolean => a !== b && bareText(a) === bareText(b);

const bareText = (text: string) =>
  visible(text)
    .normalize('NFC')
    .replace(/\p{Default_Ignorable_Code_Point}/gv, '');
