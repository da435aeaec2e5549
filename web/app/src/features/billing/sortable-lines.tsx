// Lines that can be dragged into another order, with a pointer or with space and the arrows.
import { DragDropContext, Draggable, Droppable } from '@hello-pangea/dnd'
import type { CatalogItem } from '@/api/types'
import classes from './billing.module.css'
import { LineEditor } from './line-editor'
import type { LineForm } from './lines'
import { t } from './text'

/** The library writes a style sheet of its own: the policy wants its nonce. */
const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content

interface Props {
  lines: LineForm[]
  vats: { value: string; label: string }[]
  withVat: boolean
  options?: boolean
  totalOf: (line: LineForm) => number | undefined
  errorOf: (line: LineForm) => string | undefined
  onChange: (key: string, change: Partial<LineForm>) => void
  onItem: (key: string, item: CatalogItem) => void
  onRemove: (key: string) => void
  onMove: (from: number, to: number) => void
  onDrop: (from: number, to: number) => void
  onEnter: (key: string) => void
}

export default function SortableLines(props: Props) {
  const { lines } = props
  return (
    <DragDropContext
      nonce={nonce}
      dragHandleUsageInstructions={t.dragHow}
      onDragStart={({ source }, { announce }) => announce(t.dragStart(source.index + 1))}
      onDragUpdate={({ destination }, { announce }) => announce(destination ? t.dragOver(destination.index + 1) : t.dragNowhere)}
      onDragEnd={({ source, destination }, { announce }) => {
        if (!destination) return announce(t.dragBack)
        announce(t.dragDone(source.index + 1, destination.index + 1))
        props.onDrop(source.index, destination.index)
      }}
    >
      <Droppable droppableId="lines">
        {list => (
          <ol className={classes.lines} ref={list.innerRef} {...list.droppableProps}>
            {lines.map((line, index) => (
              <Draggable key={line.key} draggableId={line.key} index={index} disableInteractiveElementBlocking={false}>
                {(item, state) => (
                  <LineEditor
                    line={line}
                    place={index + 1}
                    vats={props.vats}
                    withVat={props.withVat}
                    options={props.options}
                    total={props.totalOf(line)}
                    error={props.errorOf(line)}
                    drag={{ item, dragging: state.isDragging }}
                    onChange={change => props.onChange(line.key, change)}
                    onItem={found => props.onItem(line.key, found)}
                    onRemove={() => props.onRemove(line.key)}
                    onMove={by => props.onMove(index, index + by)}
                    onEnter={() => props.onEnter(line.key)}
                  />
                )}
              </Draggable>
            ))}
            {list.placeholder}
          </ol>
        )}
      </Droppable>
    </DragDropContext>
  )
}
