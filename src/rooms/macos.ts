import { homebrewRoom } from './homebrew/room.ts';
import { launchdRoom } from './launchd/room.ts';
import { ollamaAppRoom } from './ollama-app/room.ts';
import { processRoom } from './process/room.ts';
import type { Room } from './room.ts';

/** The rooms of a Mac, in the order in which they look. */
export const MACOS: readonly Room[] = [homebrewRoom, ollamaAppRoom, launchdRoom, processRoom];
