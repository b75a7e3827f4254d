// The parts of inquirer that are asked with, as one module: its editor prompt alone is over half of the whole.
import {
  createPrompt,
  isEnterKey,
  isTabKey,
  type KeypressEvent,
  makeTheme,
  type Theme,
  useKeypress,
  usePrefix,
  useState,
} from '@inquirer/core';
import type { PartialDeep } from '@inquirer/type';
import type { Answer, Question } from './prompt.ts';

export { default as select } from '@inquirer/select';

/** A question to be answered with yes, with no, or with a wish for other choices. What is none of these is asked again. */
export const question = createPrompt<Answer, Question & { theme: PartialDeep<Theme> }>((config, done) => {
  const theme = makeTheme(config.theme);
  const [status, setStatus] = useState<'idle' | 'done'>('idle');
  const [typed, setTyped] = useState('');
  const [wrong, setWrong] = useState(false);
  const prefix = usePrefix({ status, theme });
  useKeypress((key: KeypressEvent, line) => {
    if (status === 'done') return;
    const answer = config.read(typed);
    if (!isEnterKey(key)) {
      if (isTabKey(key)) line.clearLine(0);
      setTyped(line.line);
      setWrong(false);
    } else if (answer === undefined) {
      line.write(typed); // Enter has taken it away
      setWrong(true);
    } else {
      setTyped(answer);
      setStatus('done');
      done(answer);
    }
  });
  const asked = `${prefix} ${theme.style.message(config.message, status)}`;
  if (status === 'done') return `${asked} ${theme.style.answer(typed)}`;
  return [
    `${asked} ${theme.style.defaultAnswer(config.hint)} ${typed}`,
    wrong ? theme.style.error(config.help) : theme.style.help(config.help),
  ];
});
