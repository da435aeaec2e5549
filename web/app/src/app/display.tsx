// Which columns a list shows and how high its rows are: a matter of taste and of screen, so it stays with the browser; but a view may say
// which columns it shows.
import { ActionIcon, Menu } from '@mantine/core'
import { useLocalStorage } from '@mantine/hooks'
import { IconColumns } from '@/ui/icons'
import classes from './display.module.css'
import { t } from './text'

export type Density = 'comfortable' | 'compact'
export const ROW_HEIGHT: Record<Density, number> = { comfortable: 40, compact: 32 }

interface Named {
  key: string
  name: string
}

export interface Display<C extends Named = Named> {
  all: C[]
  columns: C[]
  /** Keys of the custom fields on show, for the request; the API gives ten at most. */
  custom: string[]
  keys: string[]
  toggle: (key: string) => void
  density: Density
  setDensity: (density: Density) => void
}

interface Options<C extends Named> {
  /** The list's name in the browser's memory. */
  list: string
  all: C[]
  /** What is on show as long as nobody chose. */
  usual: C['key'][]
  ofView?: string[]
  changeView?: (keys: string[]) => void
}

export function useDisplay<C extends Named>({ list, all, usual, ofView, changeView }: Options<C>): Display<C> {
  const [own, setOwn] = useLocalStorage<string[]>({
    key: `vision.${list}.columns`,
    defaultValue: usual,
    getInitialValueInEffect: false,
  })
  const [density, setDensity] = useLocalStorage<Density>({
    key: `vision.${list}.density`,
    defaultValue: 'comfortable',
    getInitialValueInEffect: false,
  })
  const keys = ofView ?? own
  const setKeys = changeView ?? setOwn
  const columns = all.filter(column => keys.includes(column.key))
  return {
    all,
    columns,
    custom: columns.flatMap(column => (column.key.startsWith('custom.') ? [column.key.slice(7)] : [])).slice(0, 10),
    keys,
    toggle: key => setKeys(keys.includes(key) ? keys.filter(other => other !== key) : [...keys, key]),
    density,
    setDensity,
  }
}

export function DisplayMenu({ display }: { display: Display }) {
  return (
    <Menu closeOnItemClick={false} width={240} withinPortal={false} classNames={{ dropdown: classes.menu }}>
      <Menu.Target>
        <ActionIcon variant="default" size={36} aria-label={t.display.open} title={t.display.open}>
          <IconColumns size={18} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t.display.columns}</Menu.Label>
        {display.all.map(column => (
          <Menu.CheckboxItem
            key={column.key}
            checked={display.keys.includes(column.key)}
            onChange={() => display.toggle(column.key)}
          >
            {column.name}
          </Menu.CheckboxItem>
        ))}
        <Menu.Divider />
        <Menu.Label>{t.display.density}</Menu.Label>
        <Menu.RadioGroup
          value={display.density}
          onChange={value => display.setDensity(value === 'compact' ? 'compact' : 'comfortable')}
        >
          <Menu.RadioItem value="comfortable">{t.display.comfortable}</Menu.RadioItem>
          <Menu.RadioItem value="compact">{t.display.compact}</Menu.RadioItem>
        </Menu.RadioGroup>
      </Menu.Dropdown>
    </Menu>
  )
}
