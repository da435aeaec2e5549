// Between the editor's own tree and the document that the server keeps. Whatever the server does not know is left out here.
import type { JSONContent } from '@tiptap/core'
import type { Block, Doc, Inline, Item, Words } from './rich-text'

const MARKS = ['bold', 'italic', 'strike'] as const

export function toEditor(doc: Doc | undefined): JSONContent {
  return { type: 'doc', content: doc?.content.length ? doc.content.map(blockToEditor) : [{ type: 'paragraph' }] }
}

function blockToEditor(block: Block): JSONContent {
  if (block.type === 'paragraph') return { type: 'paragraph', content: (block.content ?? []).map(inlineToEditor) }
  const items = block.content.map(item => ({ type: 'listItem', content: item.content.map(blockToEditor) }))
  return { type: block.type === 'bullet_list' ? 'bulletList' : 'orderedList', content: items }
}

function inlineToEditor(piece: Inline): JSONContent {
  if (piece.type === 'line_break') return { type: 'hardBreak' }
  if (piece.type === 'mention') return { type: 'mention', attrs: { id: piece.id, label: piece.label ?? '' } }
  const marks: JSONContent['marks'] = MARKS.filter(mark => piece[mark]).map(type => ({ type }))
  if (piece.link) marks.push({ type: 'link', attrs: { href: piece.link } })
  return { type: 'text', text: piece.text, marks }
}

export function fromEditor(tree: JSONContent): Doc {
  return { content: (tree.content ?? []).flatMap(blockFromEditor) }
}

function blockFromEditor(node: JSONContent): Block[] {
  const content = node.content ?? []
  if (node.type === 'paragraph') return [{ type: 'paragraph', content: content.flatMap(inlineFromEditor) }]
  if (node.type !== 'bulletList' && node.type !== 'orderedList') return []
  const items: Item[] = content.map(item => ({ content: (item.content ?? []).flatMap(blockFromEditor) }))
  return [{ type: node.type === 'bulletList' ? 'bullet_list' : 'numbered_list', content: items }]
}

function inlineFromEditor(node: JSONContent): Inline[] {
  if (node.type === 'hardBreak') return [{ type: 'line_break' }]
  if (node.type === 'mention') return [{ type: 'mention', id: String(node.attrs?.id), label: String(node.attrs?.label ?? '') }]
  if (node.type !== 'text' || !node.text) return []
  const words: Words = { type: 'text', text: node.text }
  for (const mark of node.marks ?? []) {
    if (mark.type === 'bold' || mark.type === 'italic' || mark.type === 'strike') words[mark.type] = true
    if (mark.type === 'link' && typeof mark.attrs?.href === 'string') words.link = mark.attrs.href
  }
  return [words]
}

export const isEmpty = (doc: Doc): boolean =>
  doc.content.every(block =>
    block.type === 'paragraph'
      ? (block.content ?? []).every(piece => piece.type === 'line_break' || (piece.type === 'text' && !piece.text.trim()))
      : block.content.every(item => isEmpty(item)),
  )
