import {
  type CSSVariablesResolver,
  createTheme,
  localStorageColorSchemeManager,
  type MantineColorsTuple,
} from '@mantine/core';

const indigo: MantineColorsTuple = [
  '#eef0fe',
  '#e0e3fc',
  '#c5caf9',
  '#a5adfa',
  '#8590f0',
  '#5b67de',
  '#4f5bd5',
  '#424dbf',
  '#363fa0',
  '#2a3180',
];

const red: MantineColorsTuple = [
  '#fdf0ef',
  '#fbdddb',
  '#f6b9b5',
  '#f29a94',
  '#f0857e',
  '#d0423b',
  '#c4322b',
  '#a92620',
  '#8b1f1a',
  '#6e1814',
];

/** Mantine's dark palette from text to ground; 7 is the page, 6 the ground of fields, menus and buttons. */
const dark: MantineColorsTuple = [
  '#e6e7ea',
  '#c9cbd1',
  '#9ea3ab',
  '#848a94',
  '#383b41',
  '#2a2d31',
  '#202327',
  '#131416',
  '#191b1e',
  '#0e0f10',
];

export const theme = createTheme({
  primaryColor: 'indigo',
  primaryShade: { light: 6, dark: 5 },
  colors: { indigo, red, dark },
  white: '#ffffff',
  black: '#1b1c1f',
  fontFamily: "'Geist Variable', system-ui, sans-serif",
  fontFamilyMonospace: "'Geist Mono Variable', ui-monospace, monospace",
  fontSizes: { xs: '0.8125rem', sm: '0.8125rem', md: '0.875rem', lg: '1rem', xl: '1.25rem' },
  fontWeights: { medium: '500', bold: '600' },
  defaultRadius: 'sm',
  radius: { xs: '0.25rem', sm: '0.375rem', md: '0.5rem', lg: '0.5rem' },
  respectReducedMotion: true,
  cursorType: 'pointer',
  components: {
    ActionIcon: { defaultProps: { size: 30, variant: 'default' } },
    Button: { defaultProps: { size: 'xs' } },
    Modal: { defaultProps: { centered: true, closeButtonProps: { 'aria-label': 'Close' } } },
    NativeSelect: { defaultProps: { size: 'xs' } },
    PasswordInput: { defaultProps: { size: 'xs' } },
    SegmentedControl: { defaultProps: { size: 'xs' } },
    TextInput: { defaultProps: { size: 'xs' } },
    // Mantine's placeholder for the first focus is a child that no menu may have; an item takes it instead.
    Menu: { defaultProps: { shadow: 'md', position: 'bottom-end', withInitialFocusPlaceholder: false } },
  },
});

/** Mantine's own greys are too faint for small text on these grounds, so the roles are set by hand. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-body': '#fbfbfa',
    '--mantine-color-dimmed': '#5e6269',
    '--mantine-color-placeholder': '#6b7078',
    '--mantine-color-error': '#b3261e',
    '--mantine-color-default-border': '#d9dadd',
    '--mantine-color-default-hover': '#f3f3f2',
    '--mantine-color-disabled': '#ececee',
    '--mantine-color-disabled-color': '#70757d',
    '--mantine-color-anchor': '#424dbf',
  },
  dark: {
    '--mantine-color-dimmed': '#9ea3ab',
    '--mantine-color-placeholder': '#8d939c',
    '--mantine-color-error': '#f29a94',
    '--mantine-color-default-border': '#383b41',
    '--mantine-color-default-hover': '#2a2d31',
    '--mantine-color-disabled': '#202327',
    '--mantine-color-disabled-color': '#848a94',
    '--mantine-color-disabled-border': '#2a2d31',
    '--mantine-color-anchor': '#a5adfa',
  },
});

/** Kept in this browser, where `public/scheme.js` reads it before the first paint; see `preferences.ts`. */
export const schemeManager = localStorageColorSchemeManager({ key: 'halo-scheme' });
