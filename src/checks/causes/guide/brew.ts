import type { BREW } from '../brew.ts';
import type { Details } from '../details.ts';

/** What the guide adds to the causes of Homebrew services. */
export const BREW_DETAILS: Record<keyof typeof BREW, Details> = {
  'mac-brew-launchctl-setenv-no-effect': {
    seen: "`launchctl setenv OLLAMA_HOST …` changes nothing in Homebrew's `ollama.log`",
    mend: [
      "mkdir -p ~/.homebrew/services && echo 'OLLAMA_HOST=0.0.0.0:11434' >> ~/.homebrew/services/ollama.env   # Homebrew 6.0.15 and later",
      'brew services restart ollama',
    ],
    sources: ['https://github.com/ollama/ollama/issues/1501', 'https://github.com/ollama/ollama/issues/3581'],
    where: ['macos'],
    symptoms: ['refused'],
  },
  'mac-brew-restart-rewrites-plist': {
    seen: 'Works after `launchctl load`, gone after `brew services restart ollama`',
    mend: [
      "mkdir -p ~/.homebrew/services && echo 'OLLAMA_HOST=0.0.0.0:11434' >> ~/.homebrew/services/ollama.env   # Homebrew 6.0.15 and later",
      'brew services restart ollama',
    ],
    sources: ['https://github.com/ollama/ollama/issues/10724', 'https://github.com/ollama/ollama/issues/3581'],
    where: ['macos'],
    symptoms: ['yesterday'],
  },
  'mac-brew-upgrade-resets-keg-plist': {
    seen: 'Goes back after every `brew upgrade`',
    mend: ['brew update   # from 6.0.15 on Homebrew keeps such settings in services/ollama.env'],
    sources: [
      'https://github.com/ollama/ollama/issues/3581',
      'https://github.com/ollama/ollama/issues/10724',
      'https://github.com/ollama/ollama/issues/1501',
    ],
    where: ['macos'],
    symptoms: ['yesterday'],
  },
  'mac-brew-env-file-refused': {
    seen: '`Skipping …ollama.env: file is group-writable.` (or world-writable, or not supported for root services)',
    mend: ['brew services restart ollama   # without sudo'],
    sources: ['https://github.com/Homebrew/brew/blob/main/Library/Homebrew/service.rb'],
    where: ['macos'],
    symptoms: ['refused'],
  },
  'mac-brew-over-ssh-domain': {
    more: 'The second copy probably comes from starting once at the screen and once over ssh.',
    seen: '`running over SSH without /dev/console ownership, using user/* instead of gui/* domain!`',
    mend: [
      'Run it in Terminal at the screen of this Mac, or always over ssh, but not both.',
      'launchctl bootout user/$(id -u)/homebrew.mxcl.ollama   # the copy of ssh',
    ],
    sources: ['https://github.com/Homebrew/brew/blob/main/Library/Homebrew/services/system.rb'],
    where: ['macos'],
    symptoms: ['inuse'],
  },
  'mac-brew-label-migration': {
    seen: 'Two files in `~/Library/LaunchAgents`, or the service is loaded under both names',
    mend: [],
    sources: ['https://github.com/Homebrew/brew/blob/main/Library/Homebrew/service.rb'],
    where: ['macos'],
    symptoms: ['inuse', 'yesterday'],
  },
};
