/** A filter by any customer field: its name from the mapping, its value typed. */
import { Button, Field, Input, Select } from '@fluentui/react-components';
import { FilterRegular } from '@fluentui/react-icons/svg/filter';
import { type FormEvent, useState } from 'react';
import { changeQuery } from '../../address/address.ts';
import { useSpeech } from '../../language/language.tsx';
import { Modal } from '../../parts/modal.tsx';
import { useNames } from '../use-names.ts';
import { readConfiguration } from '../mappings/configuration.tsx';

export function FieldFilter() {
  const { t } = useSpeech();
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button size="small" appearance="subtle" icon={<FilterRegular />} onClick={() => setOpen(true)}>
        {t.operations.addFieldFilter}
      </Button>
      {open && <FieldFilterDialog onClose={() => setOpen(false)} />}
    </>
  );
}

function FieldFilterDialog({ onClose }: { readonly onClose: () => void }) {
  const { t } = useSpeech();
  const { mappings } = useNames();
  const fields = customerFields(mappings);
  const [name, setName] = useState<string | null>(null);
  const [value, setValue] = useState('');
  const field = name ?? fields[0] ?? '';
  const apply = (event: FormEvent): void => {
    event.preventDefault();
    onClose();
    if (field !== '') changeQuery({ [`field.${field}`]: value });
  };
  return (
    <Modal title={t.operations.addFieldFilter} onClose={onClose}>
      <form className="stack" onSubmit={apply}>
        <Field label={t.operations.fieldFilter}>
          <Select value={field} onChange={(_, data) => setName(data.value)}>
            {fields.map((one) => (
              <option key={one} value={one}>
                {one}
              </option>
            ))}
          </Select>
        </Field>
        <Field label={t.operations.fieldValue}>
          <Input value={value} onChange={(_, data) => setValue(data.value)} />
        </Field>
        <div className="button-row">
          <Button type="submit" appearance="primary">
            {t.words.apply}
          </Button>
          <Button onClick={onClose}>{t.words.cancel}</Button>
        </div>
      </form>
    </Modal>
  );
}

/** The customer mapping is the one that others of the commerce section refer to; the API names it by its fields only. */
function customerFields(mappings: ReturnType<typeof useNames>['mappings']): readonly string[] {
  const customers = mappings.find(({ name }) => name.toLowerCase() === 'customers') ?? mappings[0];
  const configuration = customers === undefined ? null : readConfiguration(customers);
  return configuration?.fields.map(({ name }) => name) ?? [];
}
