/** The person of the demo that a first login is shown with. They stay as they are, whatever else changes. */
export const DEMO_LOGIN = { username: 'y.chen', password: 'keep-the-light-on' } as const;

/** Somebody who is about to join; account and email follow from the name, as `Given Family`. */
export interface Newcomer {
  readonly name: string;
  readonly local: string | null;
  readonly sex: 'M' | 'F';
  readonly department: string;
}

/** Who joins on the second day. */
export const SECOND_DAY: Newcomer = { name: 'Ayaka Hasegawa', local: '長谷川 あやか', sex: 'F', department: 'RD-JP' };

/** Who joins after that, one after the other. */
export const NEWCOMERS: readonly [Newcomer, ...Newcomer[]] = [
  { name: 'Hana Mori', local: '森 はな', sex: 'F', department: 'SALES-JP' },
  { name: 'Rowan Ellery', local: null, sex: 'M', department: 'DESIGN' },
  { name: 'Yuting Shen', local: '沈郁庭', sex: 'F', department: 'RD-TW' },
  { name: 'Beatrix Lomax', local: null, sex: 'F', department: 'FIN' },
  { name: 'Takumi Okada', local: '岡田 拓海', sex: 'M', department: 'RD-JP' },
  { name: 'Kuanyu Pan', local: '潘冠宇', sex: 'M', department: 'MFG-TW' },
  { name: 'Jonah Whitlock', local: null, sex: 'M', department: 'SALES-UK' },
  { name: 'Tsumugi Fujii', local: '藤井 つむぎ', sex: 'F', department: 'SUP-JP' },
  { name: 'Yuhsuan Chien', local: '簡佑軒', sex: 'M', department: 'SUP-TW' },
  { name: 'Imogen Sayer', local: null, sex: 'F', department: 'PEOPLE' },
  { name: 'Kai Nishimura', local: '西村 カイ', sex: 'M', department: 'GA-JP' },
  { name: 'Peijung Chung', local: '鍾佩蓉', sex: 'F', department: 'LOG-TW' },
];

/** Departments that cannot settle on a name: each time, the one that they do not have now. */
export const TWO_NAMES: readonly [TwoNames, ...TwoNames[]] = [
  ['SALES-UK', 'Sales', 'Sales & Showroom'],
  ['SUP-TW', '客戶服務部', '客戶支援部'],
  ['SUP-JP', 'サポート課', 'カスタマーサポート課'],
];
export type TwoNames = readonly [code: string, one: string, other: string];
