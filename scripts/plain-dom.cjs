// What xmldom's parser (dom-parser.js, sax.js) and npm's plist need of a document, in place of xmldom's whole DOM, which is
// five times the rest of it. Names of elements and their nesting are not looked at again: src/plist has refused what is no XML.
'use strict';

class Node {
  constructor(nodeType, nodeName, nodeValue = null) {
    Object.assign(this, { nodeType, nodeName, nodeValue, childNodes: [], parentNode: undefined });
  }
  get tagName() {
    return this.nodeName;
  }
  get documentElement() {
    return this.childNodes.find(({ nodeType }) => nodeType === ELEMENT) ?? null;
  }
  appendChild(child) {
    child.parentNode = this;
    this.childNodes.push(child);
    return child;
  }
  setAttributeNode() {}
  /** As in the standard: texts side by side become one, and empty ones go. */
  normalize() {
    const children = [];
    for (const child of this.childNodes) {
      const last = children.at(-1);
      if (child.nodeType !== TEXT) child.normalize();
      else if (child.nodeValue === '') continue;
      else if (last?.nodeType === TEXT) {
        last.nodeValue += child.nodeValue;
        continue;
      }
      children.push(child);
    }
    this.childNodes = children;
  }
}

const [ELEMENT, ATTRIBUTE, TEXT, CDATA, INSTRUCTION, COMMENT, DOCUMENT, DOCTYPE] = [1, 2, 3, 4, 7, 8, 9, 10];

class Document extends Node {
  implementation = new DOMImplementation();
  constructor() {
    super(DOCUMENT, '#document');
  }
  createElementNS = (_, name) => new Node(ELEMENT, name);
  createAttributeNS = (_, name) => new Node(ATTRIBUTE, name);
  createTextNode = (text) => new Node(TEXT, '#text', text);
  createCDATASection = (text) => new Node(CDATA, '#cdata-section', text);
  createComment = (text) => new Node(COMMENT, '#comment', text);
  createProcessingInstruction = (target, data) => new Node(INSTRUCTION, target, data);
}

class DOMImplementation {
  createDocument = () => new Document();
  createDocumentType = (name) => new Node(DOCTYPE, name);
}

module.exports = { DOMImplementation };
