/** The version in package.json, put in by the build. */
declare const __VERSION__: string;

declare module '*.conf' {
  const text: string;
  export default text;
}

/** Tables of single-byte code pages; the package describes its main entry only. */
declare module 'iconv-lite/encodings/sbcs-data-generated.js' {
  const tables: Record<string, string | { chars: string }>;
  export default tables;
}
