import { describe, expect, it } from 'vitest';
import { differences } from '../../src/plist/differences.ts';
import { readPlist, valueAt } from '../../src/plist/read.ts';
import { PATH, remove, set } from './helpers.ts';
import { homebrewPlist } from './homebrew.ts';

const FLASH = { OLLAMA_FLASH_ATTENTION: '1' };
const CACHE = { OLLAMA_KV_CACHE_TYPE: 'q8_0' };
const HOST = { OLLAMA_HOST: '0.0.0.0:11434' };

describe('the property list of Homebrew', () => {
  it.each([
    ['among the variables of the formula', { ...FLASH, ...CACHE }, { ...FLASH, ...HOST, ...CACHE }],
    ['before the only variable', CACHE, { ...HOST, ...CACHE }],
    ['after the only variable', FLASH, { ...FLASH, ...HOST }],
    ['without any variables', undefined, HOST],
  ])('gets the variable just as Homebrew would write it: %s', async (_, before, after) => {
    const [old, wanted] = [homebrewPlist(before), homebrewPlist(after)];
    expect(await set(old, '0.0.0.0:11434')).toBe(wanted);
    expect(await remove(wanted, true)).toBe(old);
    expect(await differences(Buffer.from(old), Buffer.from(wanted))).toEqual(['EnvironmentVariables.OLLAMA_HOST']);
  });

  it('gets another value, and none', async () => {
    const old = homebrewPlist({ ...FLASH, OLLAMA_HOST: '127.0.0.1' });
    expect(await set(old, '0.0.0.0')).toBe(homebrewPlist({ ...FLASH, OLLAMA_HOST: '0.0.0.0' }));
    expect(await set(homebrewPlist(FLASH), '')).toBe(homebrewPlist({ ...FLASH, OLLAMA_HOST: '' }));
    expect(await set(homebrewPlist({ OLLAMA_HOST: '' }), '[::]')).toBe(homebrewPlist({ OLLAMA_HOST: '[::]' }));
  });

  it('has values escaped as Homebrew escapes them', async () => {
    const escaped = '&amp; &lt;a&gt; &quot;b&quot; &#39;c&#39;';
    expect(await set(homebrewPlist(FLASH), `& <a> "b" 'c'`)).toBe(homebrewPlist({ ...FLASH, OLLAMA_HOST: escaped }));
  });

  it('keeps an empty dictionary where that is not to be pruned', async () => {
    const left = homebrewPlist({}).replace('<dict>\n\t</dict>', '<dict/>');
    expect(await remove(homebrewPlist(HOST), false)).toBe(left);
    expect(await set(left, '0.0.0.0:11434')).toBe(homebrewPlist(HOST));
  });

  it('is read', async () => {
    const file = await readPlist(Buffer.from(homebrewPlist(HOST)));
    expect(file.kind).toBe('xml');
    expect(valueAt(file, PATH)).toBe('0.0.0.0:11434');
    expect(valueAt(file, ['KeepAlive'])).toBe(true);
    expect(valueAt(file, ['ProgramArguments'])).toEqual(['/opt/homebrew/opt/ollama/bin/ollama', 'serve']);
  });
});
