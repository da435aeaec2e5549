// The design language as Mantine tokens. Colours that are ours alone live in styles.css as --vc-* variables.
import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from '@mantine/core'

const vision: MantineColorsTuple = [
  '#eef4fc',
  '#dbe7f8',
  '#b5cdf0',
  '#8ab0e6',
  '#5b90db',
  '#3a77cf',
  '#1f5fbf',
  '#1b53a8',
  '#17478f',
  '#123a75',
]

const dark: MantineColorsTuple = [
  '#e6e8eb',
  '#c6cbd2',
  '#9aa1ab',
  '#727a86',
  '#3c434d',
  '#2d333b',
  '#23282f',
  '#1b1f25',
  '#14171b',
  '#0e1013',
]

export const theme = createTheme({
  colors: { vision, dark },
  primaryColor: 'vision',
  primaryShade: { light: 6, dark: 6 },
  defaultRadius: 'md',
  fontFamily: "'Inter Variable', system-ui, sans-serif",
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, monospace',
  fontSizes: { xs: '0.75rem', sm: '0.875rem', md: '0.875rem', lg: '1rem', xl: '1.25rem' },
  radius: { xs: '3px', sm: '4px', md: '8px', lg: '10px', xl: '16px' },
  headings: { fontWeight: '600' },
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    Button: { defaultProps: { size: 'sm' } },
    ActionIcon: { defaultProps: { variant: 'subtle', color: 'gray', size: 32 } },
    Menu: { defaultProps: { shadow: 'md', position: 'bottom-end', withInitialFocusPlaceholder: false } },
    Popover: { defaultProps: { shadow: 'md' } },
    Modal: { defaultProps: { centered: false, yOffset: '8vh', radius: 'lg', transitionProps: { duration: 120 } } },
    Tooltip: { defaultProps: { openDelay: 400, transitionProps: { duration: 80 } } },
    Select: { defaultProps: { checkIconPosition: 'right', comboboxProps: { shadow: 'md' } } },
    TextInput: { defaultProps: { autoComplete: 'off' } },
  },
})

// Mantine sets these per scheme, with a selector that plain :root variables would lose to. Ours already follow the scheme.
const tokens = {
  '--mantine-color-dimmed': 'var(--vc-muted)',
  '--mantine-color-placeholder': 'var(--vc-muted)',
  '--mantine-color-error': 'var(--vc-bad-text)',
  '--mantine-color-anchor': 'var(--vc-link)',
  '--mantine-color-text': 'var(--vc-text)',
  '--mantine-color-body': 'var(--vc-surface)',
  '--mantine-color-default-border': 'var(--vc-control)',
  '--mantine-color-default': 'var(--vc-surface)',
  '--mantine-color-default-hover': 'var(--vc-hover)',
  '--mantine-primary-color-light-color': 'var(--vc-link)',
  '--mantine-color-vision-light-color': 'var(--vc-link)',
  '--mantine-color-vision-outline': 'var(--vc-link)',
  '--mantine-color-gray-light-color': 'var(--vc-text)',
  '--mantine-color-red-light-color': 'var(--vc-bad-text)',
  '--mantine-color-red-outline': 'var(--vc-bad-text)',
}

export const cssVariablesResolver: CSSVariablesResolver = () => ({ variables: {}, light: tokens, dark: tokens })
