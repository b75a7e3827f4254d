import iconv from 'iconv-lite';
import { describe, expect, it } from 'vitest';
import { decode } from '../../src/host/code-page.ts';

/** Texts that Windows prints in the code page of its language; iconv-lite writes the bytes, our reading is another. */
const TEXTS: [page: number, text: string][] = [
  [437, 'C:\\Users\\José\\AppData'],
  [850, 'C:\\Users\\Zoë Müller\\AppData — ABHÖREN'.replace('—', '-')],
  [852, 'Użytkownik: Łukasz Żółć'],
  [858, 'prix: 5 €, élève'],
  [866, 'Пользователь: Иван'],
  [874, 'ผู้ใช้'],
  [932, 'ユーザー: 山田'],
  [936, '用户: 王'],
  [949, '사용자: 김'],
  [950, '使用者: 陳'],
  [1252, 'Größe – naïve'],
  [1251, 'Имя'],
];

describe('output in the code page of a console', () => {
  it.each(TEXTS)('%i: %s', async (page, text) => {
    expect(await decode(iconv.encode(text, `cp${page}`), page)).toBe(text);
  });

  it('of an unknown page keeps what is ASCII', async () => {
    expect(await decode(Buffer.from([0x4f, 0x4b, 0xe4]), 99999)).toBe('OK\ufffd');
  });
});
