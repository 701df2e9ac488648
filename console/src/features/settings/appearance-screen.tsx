import { Button, Kbd, Switch, useMantineColorScheme } from '@mantine/core';
import { IconDeviceDesktop, IconMoon, IconSun } from '@tabler/icons-react';
import { useFrame } from '../../ui/frame-context.js';
import { setSingleKeys, useSingleKeys } from '../../ui/preferences.js';
import { Screen } from '../../ui/screen.js';
import { modName } from '../../ui/use-shortcut.js';
import classes from './appearance-screen.module.css';

const schemes = [
  { value: 'light', label: 'Light', Icon: IconSun },
  { value: 'dark', label: 'Dark', Icon: IconMoon },
  { value: 'auto', label: 'As the system', Icon: IconDeviceDesktop },
] as const;

/** How the console looks and which keys it listens to, in this browser. */
export function AppearanceScreen() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const singleKeys = useSingleKeys();
  const { showShortcuts } = useFrame();
  return (
    <Screen title="Appearance" lead="These settings belong to this browser, not to your account.">
      <section className={classes.card}>
        <fieldset className={classes.fieldset}>
          <legend className={classes.heading}>Theme</legend>
          <div className={classes.schemes}>
            {schemes.map(({ value, label, Icon }) => (
              <label key={value} className={classes.scheme}>
                <input
                  type="radio"
                  name="scheme"
                  value={value}
                  checked={colorScheme === value}
                  onChange={() => setColorScheme(value)}
                />
                <Icon size={20} aria-hidden />
                {label}
              </label>
            ))}
          </div>
        </fieldset>
      </section>
      <section className={classes.card} aria-labelledby="appearance-keyboard">
        <h2 className={classes.heading} id="appearance-keyboard">
          Keyboard
        </h2>
        <Switch
          checked={singleKeys}
          onChange={(event) => setSingleKeys(event.currentTarget.checked)}
          label="Shortcuts of a single key"
          description="Turn them off if you dictate, or if you often press a key by accident."
        />
        <div className={classes.row}>
          <p className={classes.hint}>
            <Kbd>/</Kbd> <Kbd>N</Kbd> <Kbd>E</Kbd> <Kbd>?</Kbd> act only outside of fields.{' '}
            <Kbd>{modName}</Kbd> <Kbd>K</Kbd> and the others with {modName} always work.
          </p>
          <Button variant="default" onClick={showShortcuts}>
            Show all shortcuts
          </Button>
        </div>
      </section>
    </Screen>
  );
}
