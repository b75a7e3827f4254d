/** A file below templates/ is its text: esbuild's `text` loader in the build, scripts/text-templates.mjs in tests. */
declare module '*.nft' {
  const text: string;
  export default text;
}
