import { Button, type ButtonProps } from '@mantine/core'
import { createLink } from '@tanstack/react-router'
import type { ReactNode, Ref } from 'react'

interface Props extends Omit<ButtonProps, 'href'> {
  children?: ReactNode
  ref?: Ref<HTMLAnchorElement>
}

/** A link that looks like a button: it can be opened in a new tab, and its address is checked by the router's types. */
export const ButtonLink = createLink(({ ref, ...props }: Props) => <Button component="a" ref={ref} {...props} />)
