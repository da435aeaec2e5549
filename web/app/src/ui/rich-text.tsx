// A note's document as the server keeps it, shown as React elements: nothing of it is ever taken for HTML.
import { Fragment, type ReactNode } from 'react'
import classes from './rich-text.module.css'

export interface Words {
  type: 'text'
  text: string
  bold?: boolean
  italic?: boolean
  strike?: boolean
  link?: string | null
}
export type Inline = Words | { type: 'mention'; id: string; label?: string } | { type: 'line_break' }
export interface Item {
  content: Block[]
}
export type Block =
  | { type: 'paragraph'; content?: Inline[] }
  | { type: 'bullet_list'; content: Item[] }
  | { type: 'numbered_list'; content: Item[] }
export interface Doc {
  content: Block[]
}

export function RichText({ doc }: { doc: Doc }) {
  return (
    <div className={classes.text}>
      <Blocks blocks={doc.content} />
    </div>
  )
}

function Blocks({ blocks }: { blocks: Block[] }) {
  return blocks.map((block, index) => {
    if (block.type === 'paragraph') return <p key={index}>{block.content?.length ? <Pieces pieces={block.content} /> : <br />}</p>
    const List = block.type === 'bullet_list' ? 'ul' : 'ol'
    return (
      <List key={index}>
        {block.content.map((item, at) => (
          <li key={at}>
            <Blocks blocks={item.content} />
          </li>
        ))}
      </List>
    )
  })
}

function Pieces({ pieces }: { pieces: Inline[] }) {
  return pieces.map((piece, index) => {
    if (piece.type === 'line_break') return <br key={index} />
    if (piece.type === 'mention')
      return (
        <span key={index} className={classes.mention}>
          @{piece.label}
        </span>
      )
    let shown: ReactNode = piece.text
    if (piece.strike) shown = <s>{shown}</s>
    if (piece.italic) shown = <em>{shown}</em>
    if (piece.bold) shown = <strong>{shown}</strong>
    // The server only keeps http, https, mailto and tel.
    if (piece.link)
      shown = (
        <a href={piece.link} target="_blank" rel="noopener noreferrer nofollow">
          {shown}
        </a>
      )
    return <Fragment key={index}>{shown}</Fragment>
  })
}
