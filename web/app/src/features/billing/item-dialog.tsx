import { ActionIcon, Button, Checkbox, NativeSelect, Select, Textarea, TextInput } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { api, data, ifMatch } from '@/api/client'
import type { CatalogItem, CatalogItemIn } from '@/api/types'
import { Dialog } from '@/ui/dialog'
import { Refused, useForm } from '@/ui/form'
import { IconPlus, IconX } from '@/ui/icons'
import { FormActions } from '@/ui/page'
import { FormBanner } from '@/ui/states'
import { t as ui } from '@/ui/text'
import { toast } from '@/ui/toast'
import classes from './billing.module.css'
import { field, priceField, typedNumber } from './money'
import { catalogQuery } from './queries'
import { t } from './text'

const options = (words: Record<string, string>) => Object.entries(words).map(([value, label]) => ({ value, label }))

export default function ItemDialog({ item, onClose, done }: { item?: CatalogItem; onClose: () => void; done: () => void }) {
  const form = useForm({
    initial: {
      kind: item?.kind ?? ('service' as CatalogItem['kind']),
      name: item?.name ?? '',
      reference: item?.reference ?? '',
      description: item?.description ?? '',
      category: item?.category ?? ('other' as CatalogItem['category']),
      unit: item?.unit ?? 'C62',
      price: priceField(item?.price),
      price_includes_vat: item?.price_includes_vat ?? false,
      vat_class: item?.vat_class ?? ('standard' as CatalogItem['vat_class']),
      cost: priceField(item?.cost),
      supplier: item?.supplier ?? '',
      supplier_reference: item?.supplier_reference ?? '',
      barcode: item?.barcode ?? '',
      stocked: item?.stocked ?? false,
      components: (item?.components ?? []).map(part => ({ item_id: part.item_id, quantity: field(part.quantity) })),
    },
    check: (values): Record<string, string> => (values.name.trim() ? {} : { '/name': t.required }),
    submit: async values => {
      const number = (pointer: string, text: string) => {
        const plain = typedNumber(text)
        if (plain === undefined) throw new Refused({ [pointer]: t.requiredAmount })
        return plain
      }
      const body: CatalogItemIn = {
        kind: values.kind,
        name: values.name.trim(),
        reference: values.reference.trim() || null,
        description: values.description.trim() || null,
        category: values.category,
        unit: values.unit,
        price: number('/price', values.price),
        price_includes_vat: values.price_includes_vat,
        vat_class: values.vat_class,
        cost: values.cost.trim() ? number('/cost', values.cost) : null,
        supplier: values.supplier.trim() || null,
        supplier_reference: values.supplier_reference.trim() || null,
        barcode: values.barcode.trim() || null,
        stocked: values.stocked,
        components:
          values.kind === 'package'
            ? values.components
                .filter(part => part.item_id)
                .map((part, index) => ({
                  item_id: part.item_id,
                  quantity: number(`/components/${index}/quantity`, part.quantity),
                }))
            : [],
      }
      if (item) {
        const params = { path: { id: item.id } }
        await data(api.PATCH('/catalog-items/{id}', { params, body, headers: ifMatch(item.version) }))
      } else await data(api.POST('/catalog-items', { body }))
      toast(t.itemSaved)
      done()
    },
  })
  const { values, set } = form
  const select = (key: 'kind' | 'category' | 'unit' | 'vat_class') => ({
    value: values[key],
    onChange: (event: { currentTarget: { value: string } }) =>
      set({ [key]: event.currentTarget.value } as Partial<typeof values>),
  })
  return (
    <Dialog opened onClose={onClose} title={item ? t.editItem : t.newItem} size={640}>
      <form onSubmit={form.submit} noValidate className={classes.stack}>
        <FormBanner form={form} />
        <div className={classes.fields}>
          <TextInput data-autofocus className={classes.wide} label={t.itemName} maxLength={200} {...form.text('name')} />
          <NativeSelect label={t.catalogKind} disabled={Boolean(item)} data={options(t.itemKinds)} {...select('kind')} />
          <TextInput label={t.itemReference} maxLength={60} {...form.text('reference')} />
          <TextInput label={t.itemPrice} inputMode="decimal" {...form.text('price')} />
          <NativeSelect label={t.unit} data={options(t.units)} {...select('unit')} />
          <NativeSelect label={t.itemVat} data={options(t.vatClasses)} {...select('vat_class')} />
          <NativeSelect label={t.itemCategory} data={options(t.categories)} {...select('category')} />
          <Checkbox
            className={classes.wide}
            label={t.itemPriceVat}
            checked={values.price_includes_vat}
            onChange={event => set({ price_includes_vat: event.currentTarget.checked })}
          />
          <Textarea
            className={classes.wide}
            label={t.description}
            autosize
            minRows={1}
            maxRows={6}
            {...form.text('description')}
          />
          <TextInput label={t.itemCost} inputMode="decimal" {...form.text('cost')} />
          <TextInput label={t.itemSupplier} maxLength={120} {...form.text('supplier')} />
          <TextInput label={t.itemSupplierReference} maxLength={60} {...form.text('supplier_reference')} />
          <TextInput label={t.itemBarcode} maxLength={40} {...form.text('barcode')} />
          <Checkbox
            className={classes.wide}
            label={t.itemStocked}
            checked={values.stocked}
            onChange={event => set({ stocked: event.currentTarget.checked })}
          />
        </div>
        {values.kind === 'package' && (
          <fieldset className={classes.bare}>
            <legend className="field-label">{t.components}</legend>
            <ul className={classes.pick}>
              {values.components.map((part, index) => (
                <li key={index}>
                  <PartPicker
                    value={part.item_id}
                    name={item?.components.find(known => known.item_id === part.item_id)?.name}
                    error={form.errors[`/components/${index}/item_id`]}
                    onChange={item_id => set({ components: values.components.with(index, { ...part, item_id }) })}
                  />
                  <TextInput
                    className={classes.short}
                    aria-label={t.quantity}
                    inputMode="decimal"
                    value={part.quantity}
                    error={form.errors[`/components/${index}/quantity`]}
                    onChange={event =>
                      set({ components: values.components.with(index, { ...part, quantity: event.currentTarget.value }) })
                    }
                  />
                  <ActionIcon
                    aria-label={t.removeComponent}
                    onClick={() => set({ components: values.components.toSpliced(index, 1) })}
                  >
                    <IconX size={16} aria-hidden />
                  </ActionIcon>
                </li>
              ))}
            </ul>
            <Button
              size="xs"
              variant="default"
              leftSection={<IconPlus size={14} aria-hidden />}
              onClick={() => set({ components: [...values.components, { item_id: '', quantity: '1' }] })}
            >
              {t.addComponent}
            </Button>
          </fieldset>
        )}
        <FormActions>
          <Button variant="default" onClick={onClose}>
            {ui.cancel}
          </Button>
          <Button type="submit" loading={form.busy}>
            {ui.save}
          </Button>
        </FormActions>
      </form>
    </Dialog>
  )
}

function PartPicker({
  value,
  name,
  error,
  onChange,
}: {
  value: string
  name?: string
  error?: string
  onChange: (id: string) => void
}) {
  const found = useInfiniteQuery(catalogQuery({}, 100))
  const items = (found.data?.pages[0]?.items ?? []).filter(item => item.kind !== 'package')
  const data = items.map(item => ({ value: item.id, label: item.name }))
  if (value && !data.some(item => item.value === value)) data.unshift({ value, label: name ?? '' })
  return (
    <Select
      className={classes.grow}
      aria-label={t.component}
      placeholder={t.component}
      searchable
      data={data}
      value={value || null}
      onChange={id => onChange(id ?? '')}
      error={error}
    />
  )
}
