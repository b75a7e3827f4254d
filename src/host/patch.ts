// The one function of `diff` that is used: a dynamic import of the whole package would bring the rest of it along.
export { createTwoFilesPatch } from 'diff';
