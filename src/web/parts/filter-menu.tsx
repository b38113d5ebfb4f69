/** The choices of a filter, below its chip. Apart from the chip, since half of a list's script is what positions it. */
import { Menu, MenuItemCheckbox, MenuList, MenuPopover } from '@fluentui/react-components';
import type { RefObject } from 'react';
import { changeQuery } from '../address/address.ts';

interface FilterMenuProps {
  readonly chip: RefObject<HTMLButtonElement | null>;
  readonly name: string;
  readonly label: string;
  readonly choices: readonly { readonly value: string; readonly name: string }[];
  readonly single: boolean;
  readonly values: readonly string[];
  readonly onClose: () => void;
}

export function FilterMenu({ chip, name, label, choices, single, values, onClose }: FilterMenuProps) {
  return (
    <Menu
      open
      persistOnItemClick
      positioning={{ target: chip.current, position: 'below', align: 'start' }}
      onOpenChange={(event, { open, type }) => {
        // A press on the chip closes by itself: closed here, it would open again.
        const onChip = type === 'clickOutside' && chip.current?.contains(event.target as Node) === true;
        if (open || onChip) return;
        onClose();
        if (type === 'menuPopoverKeyDown') chip.current?.focus();
      }}
      checkedValues={{ [name]: [...values] }}
      onCheckedValueChange={(_, { checkedItems }) => {
        const latest = checkedItems.filter((item) => !values.includes(item));
        changeQuery({ [name]: single ? latest : checkedItems });
      }}
    >
      <MenuPopover>
        <MenuList aria-label={label}>
          {choices.map((choice) => (
            <MenuItemCheckbox key={choice.value} name={name} value={choice.value}>
              {choice.name}
            </MenuItemCheckbox>
          ))}
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}
