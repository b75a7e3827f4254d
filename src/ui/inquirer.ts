// The parts of inquirer that are asked with, as one module: its editor prompt alone is over half of the whole.
export { default as confirm } from '@inquirer/confirm';
export { default as select } from '@inquirer/select';
