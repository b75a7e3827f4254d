import type { Plugin } from 'vite';
export function textTemplates(): Plugin;
