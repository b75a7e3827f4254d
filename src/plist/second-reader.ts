// npm's plist by the one function that is used: a dynamic import of the whole package would bring its writer along.
export { parse } from 'plist';
