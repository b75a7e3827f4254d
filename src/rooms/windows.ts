import type { Room } from './room.ts';
import { windowsAppRoom } from './windows-app/room.ts';
import { windowsProcessRoom } from './windows-process/room.ts';
import { windowsServiceRoom } from './windows-service/room.ts';

/** The rooms of Windows, in the order in which they look. */
export const WINDOWS: readonly Room[] = [windowsServiceRoom, windowsAppRoom, windowsProcessRoom];
