// Execa does much that is not asked of it here. Of these modules only what its core calls is put in their place.
// After an update of execa the tests on real hosts say whether this still holds: they run what is bundled.
const INSTEAD = {
  // Messages between programs (the option `ipc`).
  'ipc/methods.js': 'export const addIpcMethods = () => {}; export const getIpcExport = () => ({});',
  'ipc/array.js': 'export const normalizeIpcStdioArray = (stdio) => stdio;',
  'ipc/ipc-input.js': 'export const validateIpcInputOption = () => {}; export const sendIpcInput = async () => {};',
  'ipc/buffer-messages.js':
    'export const waitForIpcOutput = async ({ ipcOutput }) => ipcOutput; export const getBufferedIpcOutput = async (_, output) => output;',
  'ipc/graceful.js': 'export const sendAbort = async () => {};',
  // The log of commands (`verbose`).
  'verbose/start.js': 'export const logCommand = () => {};',
  'verbose/info.js': 'export const getVerboseInfo = () => ({});',
  'verbose/values.js': 'export const isFullVerbose = () => false; export const isVerbose = () => false;',
  'verbose/output.js':
    'export const shouldLogOutput = () => false; export const logLines = async () => {}; export const logLinesSync = () => {};',
  'verbose/complete.js': 'export const logResult = () => {};',
  // Pipes between programs, streams of programs, and programs that are waited for without letting go.
  'pipe/setup.js': 'export const pipeToSubprocess = () => {};',
  'convert/add.js': 'export const addConvertedStreams = () => {};',
  'methods/main-sync.js': 'export const execaCoreSync = () => {};',
  // Other ways of calling it: as a template, as a line, as a script of Node or of a shell.
  'execa/index.js':
    'import { createExeca } from "./lib/methods/create.js"; export const execa = createExeca(() => ({}));',
  'methods/template.js': 'export const isTemplateString = () => false; export const parseTemplates = () => [];',
  'methods/node.js': 'export const handleNodeOption = (file, words, options) => [file, words, options];',
  // What is read and written line by line or by way of a function (transforms), and both outputs as one (`all`).
  'transform/generator.js': 'export const generatorToStream = () => ({});',
  'transform/normalize.js': 'export const normalizeTransforms = (items) => items;',
  'transform/object-mode.js': 'export const getFdObjectMode = () => false;',
  'resolve/all-async.js': 'export const makeAllStream = () => {}; export const waitForAllStream = async () => {};',
  // The end of programs with that of Node (`cleanup`), and descriptions of signals.
  'terminate/cleanup.js': 'export const cleanupOnExit = () => {};',
  'terminate/signal.js':
    'export const normalizeKillSignal = (it) => it; export const normalizeSignalArgument = (it) => it; export const getSignalDescription = () => {};',
  // Packages: several streams into one, and programs of node_modules on the PATH (`preferLocal`).
  'merge-streams/index.js': 'export default () => {};',
  'npm-run-path/index.js': 'export const npmRunPathEnv = ({ env }) => env;',
};

/** For esbuild. Fails when a module that is replaced is not there any more. */
export const execaParts = {
  name: 'execa-parts',
  setup(bundler) {
    const met = new Set();
    bundler.onLoad(
      { filter: /node_modules[\\/](execa|@sindresorhus[\\/]merge-streams|npm-run-path)[\\/]/ },
      ({ path: file }) => {
        const name = file.split(/[\\/]/).slice(-2).join('/');
        if (!(name in INSTEAD)) return undefined;
        met.add(name);
        return { contents: INSTEAD[name] };
      },
    );
    bundler.onEnd(() => {
      const missing = Object.keys(INSTEAD).filter((name) => !met.has(name));
      return {
        errors: missing.map((name) => ({ text: `execa has no ${name} any more: see scripts/execa-parts.mjs` })),
      };
    });
  },
};
