import type { Plugin } from 'esbuild';

export declare const unusedParts: Plugin;
