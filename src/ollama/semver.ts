// What is asked of semver, as one module that is loaded when a version is to be judged: the package whole is four times that.
export { default as coerce } from 'semver/functions/coerce.js';
export { default as gte } from 'semver/functions/gte.js';
