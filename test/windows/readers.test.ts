import { describe, expect, it } from 'vitest';
import { parseRanges, portNote, rangeOf } from '../../src/windows/ports.ts';
import { isElevated, isElevatedByNature } from '../../src/windows/rights.ts';
import { parseStatus } from '../../src/windows/services.ts';
import { commandLineOf, program } from '../../src/windows/system.ts';
import { parseTasks } from '../../src/windows/tasks.ts';
import { elementFor, starts, variableIn, withVariable } from '../../src/windows/winsw.ts';
import { Windows } from './machine.ts';

describe('tasklist', () => {
  it('tells name, process and session, whatever the digits of the memory look like', () => {
    const text =
      '"System Idle Process","0","Services","0","8 K"\r\n"ollama app.exe","1234","Console","1","12.345 K"\r\n"ollama.exe","99","RDP-Tcp#3","2","1\u00a0234 Ko"\r\n"太郎.exe","7","","3","N/A"\r\n';
    expect(parseTasks(text)).toEqual([
      { image: 'System Idle Process', pid: 0, session: 0 },
      { image: 'ollama app.exe', pid: 1234, session: 1 },
      { image: 'ollama.exe', pid: 99, session: 2 },
      { image: '太郎.exe', pid: 7, session: 3 },
    ]);
  });

  it('is empty where it says so in some language', () => {
    expect(parseTasks('INFO: No tasks are running which match the specified criteria.\r\n')).toEqual([]);
    expect(parseTasks('INFORMATION: Es werden keine Aufgaben mit den angegebenen Kriterien ausgeführt.\r\n')).toEqual(
      [],
    );
    expect(parseTasks('情報: 指定された条件に一致するタスクは実行されていません。\r\n')).toEqual([]);
  });
});

describe('sc queryex', () => {
  const german = `\r\nSERVICE_NAME: Ollama \r\n        TYP                : 10  WIN32_OWN_PROCESS  \r\n        STATUS             : 4  RUNNING \r\n                                (STOPPABLE, PAUSABLE, ACCEPTS_SHUTDOWN)\r\n        WIN32_EXIT_CODE    : 0  (0x0)\r\n        SERVICE_EXIT_CODE  : 0  (0x0)\r\n        PRÜFPUNKT          : 0x0\r\n        WARTEHINWEIS       : 0x0\r\n        PID                : 4711\r\n        MARKIERUNGEN       : \r\n`;

  it('is read by the order of its fields', () => {
    expect(parseStatus(german)).toEqual({ state: 4, pid: 4711, exit: 0 });
    expect(parseStatus(german.replace('4  RUNNING', '1  STOPPED').replace(': 0  (0x0)', ': 1077  (0x435)'))).toEqual({
      state: 1,
      pid: 4711,
      exit: 1077,
    });
  });

  it('is nothing where there is no such service', () => {
    expect(
      parseStatus(
        '[SC] EnumQueryServicesStatus:OpenService FEHLER 1060:\r\n\r\nDer angegebene Dienst ist kein installierter Dienst.\r\n',
      ),
    ).toBeUndefined();
  });
});

describe('the ranges that Windows keeps', () => {
  const text = `\r\nProtokoll tcp Portausschlussbereiche\r\n\r\nStartport    Endport\r\n----------    --------\r\n      5357        5357\r\n     11396       11495\r\n     50000       50059     *\r\n\r\n* - Verwaltete Portausschlüsse.\r\n`;

  it('are numbers in every language, without what an administrator set aside', () => {
    expect(parseRanges(text)).toEqual([
      [5357, 5357],
      [11396, 11495],
    ]);
    expect(rangeOf(parseRanges(text), 11434)).toEqual([11396, 11495]);
    expect(rangeOf(parseRanges(text), 50001)).toBeUndefined();
  });

  it('are named with what helps', async () => {
    const windows = new Windows();
    windows.excluded = '     11396       11495\r\n';
    expect((await portNote(windows, [11434, 8080])).join()).toMatch(/11396 to 11495.*net stop winnat/);
    expect(await portNote(windows, [8080])).toEqual([]);
  });
});

describe('rights', () => {
  it('are those of an administrator, or of what everything has', async () => {
    const windows = new Windows();
    expect(await isElevated(windows)).toBe(false);
    windows.elevated = true;
    expect([await isElevated(windows), await isElevatedByNature(windows)]).toEqual([true, false]);
    windows.administrator = true;
    expect(await isElevatedByNature(windows)).toBe(true);
    windows.administrator = false;
    windows.registry.set(
      'HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Policies\\System',
      'EnableLUA',
      'REG_DWORD',
      '0x0',
    );
    expect(await isElevatedByNature(windows)).toBe(true);
  });
});

describe('the XML of WinSW', () => {
  const xml = `<service>\r\n  <id>ollama</id>\r\n  <executable>C:\\Ollama\\ollama.exe</executable>\r\n  <!-- <env name="OLLAMA_HOST" value="old"/> -->\r\n  <env name="OLLAMA_MODELS" value="D:\\m &amp; n"/>\r\n  <arguments>serve</arguments>\r\n</service>\r\n`;

  it('tells program and variables, but not those in comments', () => {
    expect(starts(xml, 'ollama')).toBe(true);
    expect(starts(xml.replaceAll('ollama.exe', 'other.exe'), 'ollama')).toBe(false);
    expect(variableIn(xml, 'OLLAMA_HOST')).toBeUndefined();
    expect(variableIn(xml, 'ollama_models')).toBe('D:\\m & n');
  });

  it('gets a line, and every other byte stays', () => {
    const after = withVariable(xml, 'OLLAMA_HOST', '0.0.0.0:11434') ?? '';
    expect(variableIn(after, 'OLLAMA_HOST')).toBe('0.0.0.0:11434');
    expect(after.replace(`  ${elementFor('OLLAMA_HOST', '0.0.0.0:11434')}\r\n`, '')).toBe(xml);
    const again = withVariable(after, 'OLLAMA_HOST', '127.0.0.1:1') ?? '';
    expect(again).toBe(after.replace('0.0.0.0:11434', '127.0.0.1:1'));
    expect(withVariable('<a/>', 'X', 'y')).toBeUndefined();
  });
});

describe('words of a command', () => {
  it('are quoted as Windows reads them', () => {
    expect(commandLineOf(['taskkill', '/IM', 'ollama app.exe'])).toBe('taskkill /IM "ollama app.exe"');
    expect(commandLineOf(['a', 'b\\', 'c d\\', '', 'e"f g'])).toBe('a b\\ "c d\\\\" "" "e\\"f g"');
  });

  it('begin with a full path', () => {
    const windows = new Windows();
    expect(program(windows, 'reg')).toBe('C:\\Windows\\System32\\reg.exe');
    windows.env.SystemRoot = undefined;
    windows.env.windir = 'D:\\W';
    expect(program(windows, 'reg')).toBe('D:\\W\\System32\\reg.exe');
  });
});
