// biome-ignore-all lint/suspicious/noTemplateCurlyInString: a shell replaces them
import { describe, expect, it } from 'vitest';
import { setsItself } from '../../../src/rooms/launchd/program.ts';
import { parseServices } from '../../../src/rooms/launchd/supervised.ts';
import { RecordedMac } from '../../rig/mac-host.ts';

const SCRIPT = '/Users/me/bin/llm';
const ask = (argv: string[], script = '') => {
  const host = new RecordedMac();
  if (script) host.disk.file(SCRIPT, script);
  return setsItself(host, argv, 'OLLAMA_HOST');
};

describe('a command that sets the variable itself', () => {
  it.each<[string[], string, string | undefined]>([
    [['/usr/local/bin/ollama', 'serve'], '', undefined],
    [['/usr/bin/env', 'OLLAMA_HOST=127.0.0.1', 'ollama', 'serve'], '', 'ProgramArguments'],
    [['/bin/sh', '-c', 'export OLLAMA_HOST=127.0.0.1; ollama serve'], '', 'ProgramArguments'],
    [['/bin/sh', '-c', 'OLLAMA_HOST="${OLLAMA_HOST:-127.0.0.1}" ollama serve'], '', undefined],
    [['/bin/sh', '-c', 'MY_OLLAMA_HOST=x ollama serve'], '', undefined],
    [[SCRIPT], '#!/bin/sh\nexport OLLAMA_HOST=127.0.0.1\nexec ollama serve\n', SCRIPT],
    [['/bin/zsh', SCRIPT], '#!/bin/zsh\nOLLAMA_HOST=127.0.0.1 exec ollama serve\n', SCRIPT],
    [[SCRIPT], '#!/bin/sh\n  # OLLAMA_HOST=127.0.0.1\nexec ollama serve\n', undefined],
    [[SCRIPT], '#!/bin/sh\nexport OLLAMA_HOST=$OLLAMA_HOST\nexec ollama serve\n', undefined],
    [[SCRIPT], 'no script: OLLAMA_HOST=x', undefined],
    [[SCRIPT, 'serve'], '', undefined],
  ])('%j %j', (argv, script, where) => {
    expect(ask(argv, script)).toBe(where);
  });
});

it('the services of a domain are known by their process', () => {
  const text = [
    'gui/501 = {',
    '\ttype = login',
    '\tenvironment = {\n\t\tPATH => 12 3 x\n\t}\n',
    '\tservices = {',
    '\t\t       0      - \tcom.apple.Finder.helper',
    '\t\t     412      - \tcom.apple.bird',
    '\t\t   17594     (pe) \torg.example.llm',
    '\t\t   17595    -15 \tapplication.com.electron.ollama.1.2',
    '\t}\n',
    '\tdisabled services = {\n\t\t     9      - \tno.service\n\t}',
    '}',
  ].join('\n');
  expect([...parseServices(text)]).toEqual([
    [412, 'com.apple.bird'],
    [17594, 'org.example.llm'],
    [17595, 'application.com.electron.ollama.1.2'],
  ]);
  expect(parseServices('')).toEqual(new Map());
});
