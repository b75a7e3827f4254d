/** A file below templates/ is its text: esbuild's `text` loader in the build, scripts/text-templates.mjs in tests. */
declare module '*.sh' {
  const text: string;
  export default text;
}

declare module '*.yml' {
  const text: string;
  export default text;
}
