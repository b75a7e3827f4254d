/**
 * The questions as they are asked inside of a container. The texts are constant: addresses go in as words of their own. Each
 * prints one line, `stigmer answered 200` or `stigmer failed ECONNREFUSED`, and after `answered` the body.
 */

/** bash's own sockets (bash(1), REDIRECTION). The name is looked up before, so that a resolver that hangs is told apart. */
export { default as BASH } from '../../templates/ask-bash.sh.tmpl';
/**
 * The addresses of a name are tried one after the other, so that the last refusal is told and not a summary. /etc/hosts is
 * read there, since a container without nsswitch.conf may ask the DNS first (nsswitch.conf(5)).
 */
export { default as NODE } from '../../templates/ask-node.js.tmpl';
/** urllib honours the proxy variables, and these alone, as most of Python's HTTP libraries do. */
export { default as PYTHON } from '../../templates/ask-python.py.tmpl';
/** Which of the programs that can ask are there, in the order of how exactly they tell what went wrong. */
export { default as WHICH } from '../../templates/ask-which.sh.tmpl';
