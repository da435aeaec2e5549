import { expect, it } from 'vitest'
import { fromEditor, isEmpty, toEditor } from './editor-doc'
import type { Doc } from './rich-text'

const doc: Doc = {
  content: [
    {
      type: 'paragraph',
      content: [
        { type: 'text', text: 'Vu ', bold: true, link: 'https://exemple.fr' },
        { type: 'mention', id: '1', label: 'Ana' },
        { type: 'line_break' },
      ],
    },
    { type: 'numbered_list', content: [{ content: [{ type: 'paragraph', content: [] }] }] },
  ],
}

it('gives back what it was given', () => {
  expect(fromEditor(toEditor(doc))).toEqual(doc)
})

it('leaves out what the server does not know', () => {
  expect(
    fromEditor({ type: 'doc', content: [{ type: 'heading' }, { type: 'paragraph', content: [{ type: 'image' }] }] }),
  ).toEqual({
    content: [{ type: 'paragraph', content: [] }],
  })
})

it('knows an empty note from one that names somebody', () => {
  expect(isEmpty(doc)).toBe(false)
  expect(isEmpty(fromEditor(toEditor(undefined)))).toBe(true)
  expect(isEmpty({ content: [{ type: 'paragraph', content: [{ type: 'text', text: ' ' }] }] })).toBe(true)
})
