// The editor of notes: bold, italic, strike, links, lists, and @ for a colleague. Loaded when somebody writes.
import { ActionIcon } from '@mantine/core'
import { Bold } from '@tiptap/extension-bold'
import { Document } from '@tiptap/extension-document'
import { HardBreak } from '@tiptap/extension-hard-break'
import { Italic } from '@tiptap/extension-italic'
import { Link } from '@tiptap/extension-link'
import { BulletList } from '@tiptap/extension-list/bullet-list'
import { ListItem } from '@tiptap/extension-list/item'
import { ListKeymap } from '@tiptap/extension-list/keymap'
import { OrderedList } from '@tiptap/extension-list/ordered-list'
import { Mention } from '@tiptap/extension-mention'
import { Paragraph } from '@tiptap/extension-paragraph'
import { Strike } from '@tiptap/extension-strike'
import { Text } from '@tiptap/extension-text'
import { Placeholder } from '@tiptap/extensions/placeholder'
import { UndoRedo } from '@tiptap/extensions/undo-redo'
import { type Editor, EditorContent, useEditor, useEditorState } from '@tiptap/react'
import { type RefObject, useImperativeHandle, useRef, useState } from 'react'
import classes from './editor.module.css'
import { fromEditor, isEmpty, toEditor } from './editor-doc'
import { IconBold, IconItalic, IconLink, IconList, IconNumbers, IconStrike } from './icons'
import type { Doc } from './rich-text'
import { t } from './text'

export interface Person {
  id: string
  name: string
}

export interface EditorHandle {
  focus: () => void
  clear: () => void
}

interface Props {
  label: string
  placeholder?: string
  initial?: Doc
  people: Person[]
  autoFocus?: boolean
  handle?: RefObject<EditorHandle | null>
  /** Called on every change; `undefined` while there is nothing to keep. */
  onChange: (doc: Doc | undefined) => void
  /** Ctrl or Cmd Enter. */
  onSubmit: () => void
  onEscape?: () => void
}

interface Suggestions {
  people: Person[]
  chosen: number
  place: { left: number; top: number }
  pick: (person: Person) => void
}

const folded = (text: string) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()

export default function RichEditor({
  label,
  placeholder,
  initial,
  people,
  autoFocus,
  handle,
  onChange,
  onSubmit,
  onEscape,
}: Props) {
  const [suggested, setSuggested] = useState<Suggestions>()
  // The editor is made once and asks these for what holds now.
  const now = useRef({ people, suggested, onChange, onSubmit, onEscape })
  now.current = { people, suggested, onChange, onSubmit, onEscape }

  const editor = useEditor({
    content: toEditor(initial),
    autofocus: autoFocus ? 'end' : false,
    // Its style sheet would need a nonce: ours has what it needs.
    injectCSS: false,
    extensions: [
      Document,
      Paragraph,
      Text,
      Bold,
      Italic,
      Strike,
      HardBreak,
      BulletList,
      OrderedList,
      ListItem,
      ListKeymap,
      UndoRedo,
      Placeholder.configure({ placeholder: placeholder ?? '' }),
      Link.configure({ openOnClick: false, protocols: ['mailto', 'tel'], defaultProtocol: 'https' }),
      Mention.configure({
        HTMLAttributes: { class: classes.mention },
        suggestion: {
          items: ({ query }) => now.current.people.filter(person => folded(person.name).includes(folded(query))).slice(0, 6),
          render: () => {
            const show = (props: {
              items: Person[]
              clientRect?: (() => DOMRect | null) | null
              command: (attrs: { id: string; label: string }) => void
            }) => {
              const rect = props.clientRect?.()
              setSuggested(
                rect && props.items.length
                  ? {
                      people: props.items,
                      chosen: 0,
                      place: { left: Math.min(rect.left, window.innerWidth - 240), top: rect.bottom + 4 },
                      pick: person => props.command({ id: person.id, label: person.name }),
                    }
                  : undefined,
              )
            }
            return {
              onStart: show,
              onUpdate: show,
              onExit: () => setSuggested(undefined),
              onKeyDown: ({ event }) => {
                const open = now.current.suggested
                if (!open) return false
                const move = (by: number) =>
                  setSuggested({ ...open, chosen: (open.chosen + by + open.people.length) % open.people.length })
                if (event.key === 'ArrowDown') move(1)
                else if (event.key === 'ArrowUp') move(-1)
                else if (event.key === 'Enter' || event.key === 'Tab') open.pick(open.people[open.chosen]!)
                else if (event.key === 'Escape') setSuggested(undefined)
                else return false
                return true
              },
            }
          },
        },
      }),
    ],
    editorProps: {
      attributes: { role: 'textbox', 'aria-multiline': 'true', 'aria-label': label, class: classes.area! },
      handleKeyDown: (_, event) => {
        if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
          now.current.onSubmit()
          return true
        }
        if (event.key === 'Escape' && !now.current.suggested) {
          if (now.current.onEscape) now.current.onEscape()
          else (event.target as HTMLElement).blur()
          return true
        }
        return false
      },
    },
    onUpdate: ({ editor: current }) => {
      const doc = fromEditor(current.getJSON())
      now.current.onChange(isEmpty(doc) ? undefined : doc)
    },
  })

  useImperativeHandle(handle, () => ({
    focus: () => editor.commands.focus('end'),
    clear: () => editor.commands.clearContent(true),
  }))
  return (
    <div className={classes.editor}>
      <Tools editor={editor} />
      <EditorContent editor={editor} />
      {suggested && (
        <div className={classes.people} style={suggested.place} role="listbox" aria-label={t.editor.people}>
          {suggested.people.map((person, index) => (
            <div
              key={person.id}
              role="option"
              aria-selected={index === suggested.chosen}
              onMouseDown={event => {
                event.preventDefault()
                suggested.pick(person)
              }}
            >
              {person.name}
            </div>
          ))}
        </div>
      )}
    </div>
  )
}

function Tools({ editor }: { editor: Editor }) {
  const [href, setHref] = useState<string>()
  const on = useEditorState({
    editor,
    selector: ({ editor: current }) => ({
      bold: current.isActive('bold'),
      italic: current.isActive('italic'),
      strike: current.isActive('strike'),
      link: current.isActive('link'),
      bulletList: current.isActive('bulletList'),
      orderedList: current.isActive('orderedList'),
    }),
  })
  const tools = [
    { key: 'bold', icon: IconBold, run: () => editor.chain().focus().toggleBold().run() },
    { key: 'italic', icon: IconItalic, run: () => editor.chain().focus().toggleItalic().run() },
    { key: 'strike', icon: IconStrike, run: () => editor.chain().focus().toggleStrike().run() },
    { key: 'bulletList', icon: IconList, run: () => editor.chain().focus().toggleBulletList().run() },
    { key: 'orderedList', icon: IconNumbers, run: () => editor.chain().focus().toggleOrderedList().run() },
    { key: 'link', icon: IconLink, run: () => setHref(String(editor.getAttributes('link').href ?? '')) },
  ] as const
  const setLink = () => {
    const typed = href?.trim() ?? ''
    const address = typed && !/^(https?:\/\/|mailto:|tel:)/i.test(typed) ? `https://${typed}` : typed
    const chain = editor.chain().focus().extendMarkRange('link')
    if (!address) chain.unsetLink().run()
    else if (editor.state.selection.empty && !on.link)
      chain.insertContent({ type: 'text', text: address, marks: [{ type: 'link', attrs: { href: address } }] }).run()
    else chain.setLink({ href: address }).run()
    setHref(undefined)
  }
  return (
    <div className={classes.tools} role="toolbar" aria-label={t.editor.tools}>
      {tools.map(tool => (
        <ActionIcon
          key={tool.key}
          size={28}
          aria-label={t.editor[tool.key]}
          title={t.editor[tool.key]}
          aria-pressed={on[tool.key]}
          data-on={on[tool.key] || undefined}
          className={classes.tool}
          onMouseDown={event => event.preventDefault()}
          onClick={tool.run}
        >
          <tool.icon size={16} aria-hidden />
        </ActionIcon>
      ))}
      {href !== undefined && (
        <input
          className={classes.link}
          aria-label={t.editor.address}
          placeholder="https://"
          value={href}
          // biome-ignore lint/a11y/noAutofocus: the field appears because somebody asked for it
          autoFocus
          onChange={event => setHref(event.currentTarget.value)}
          onBlur={() => setHref(undefined)}
          onKeyDown={event => {
            if (event.key === 'Enter') {
              event.preventDefault()
              setLink()
            }
            if (event.key === 'Escape') {
              event.stopPropagation()
              setHref(undefined)
              editor.commands.focus()
            }
          }}
        />
      )}
    </div>
  )
}
